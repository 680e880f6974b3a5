package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Consul's {@code filter} expressions: {@code ==}, {@code !=}, {@code in}, {@code contains}, {@code
 * is empty}, {@code matches}, with {@code not}, {@code and}, {@code or} and brackets, over the JSON
 * of one element. What is an expression, what may be asked of what, and what follows from a key
 * that is not there, are as in an agent.
 *
 * <p>A parser by recursive descent over one expression; not thread-safe. What it returns is for one
 * request, which evaluates on one thread at a time.
 */
final class FilterExpression {
  private static final int LONGEST = 2_048;
  private static final int DEEPEST = 32;

  private final String text;
  private final Selectors selectors;
  private final FilterBudget budget = new FilterBudget();
  private int at;
  private int furthest;
  private int depth;

  /** A path with what it leads to. */
  private record Selected(List<String> path, Selectors.Kind kind) {}

  /** What is asked of what is selected. */
  private enum Operator {
    EQUAL("Equal"),
    NOT_EQUAL("Not Equal"),
    IN("In"),
    NOT_IN("Not In"),
    EMPTY("Is Empty"),
    NOT_EMPTY("Is Not Empty"),
    MATCHES("Matches"),
    NOT_MATCHES("Not Matches");

    private final String words;

    Operator(String words) {
      this.words = words;
    }

    boolean fits(Selectors.Kind kind) {
      return switch (this) {
        case EQUAL, NOT_EQUAL -> !kind.isCollection();
        case IN, NOT_IN -> kind.contains();
        case EMPTY, NOT_EMPTY -> kind.isCollection();
        case MATCHES, NOT_MATCHES -> kind == Selectors.Kind.TEXT;
      };
    }

    /** What follows where a key of a map on the way is not there. */
    boolean ofMissing() {
      return this != EQUAL && this != IN && this != EMPTY;
    }
  }

  /** The text goes on with something else than what was looked for. */
  private static final class MismatchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MismatchException() {
      super("no match", null, false, false);
    }
  }

  private FilterExpression(String text, Selectors selectors) {
    this.text = text;
    this.selectors = selectors;
  }

  /**
   * Reads an expression.
   *
   * @throws RefusedException where it is none, or selects what there is not
   */
  static Predicate<JsonNode> parse(String expression, Selectors selectors) {
    if (expression.length() > LONGEST) {
      throw invalid("longer than " + LONGEST + " characters");
    }
    return new FilterExpression(expression, selectors).whole();
  }

  private static RefusedException invalid(String why) {
    return RefusedException.query("Failed to create boolean expression evaluator: " + why);
  }

  private Predicate<JsonNode> whole() {
    try {
      blanks();
      Predicate<JsonNode> read = either();
      blanks();
      if (at < text.length()) {
        throw mismatch();
      }
      return read;
    } catch (MismatchException none) {
      throw invalid(
          "1:"
              + (furthest + 1)
              + " ("
              + furthest
              + "): no match found"
              + (furthest < text.length()
                  ? " at \"" + Fields.shown(text.substring(furthest)) + "\""
                  : ""));
    }
  }

  private MismatchException mismatch() {
    furthest = Math.max(furthest, at);
    return new MismatchException();
  }

  private Predicate<JsonNode> either() {
    Predicate<JsonNode> left = both();
    int before = at;
    if (takeWord("or")) {
      return left.or(either());
    }
    at = before;
    return left;
  }

  private Predicate<JsonNode> both() {
    Predicate<JsonNode> left = negated();
    int before = at;
    if (takeWord("and")) {
      return left.and(both());
    }
    at = before;
    return left;
  }

  private Predicate<JsonNode> negated() {
    if (++depth > DEEPEST) {
      throw invalid("nested deeper than " + DEEPEST);
    }
    try {
      int before = at;
      if (take("not") && blanks()) {
        try {
          return negated().negate();
        } catch (MismatchException noExpression) {
          // "not in Tags" asks for the value "not".
        }
      }
      at = before;
      if (take("(")) {
        blanks();
        Predicate<JsonNode> inner = either();
        blanks();
        if (!take(")")) {
          throw mismatch();
        }
        return inner;
      }
      return match();
    } finally {
      depth--;
    }
  }

  private Predicate<JsonNode> match() {
    int from = at;
    Optional<List<String>> selector = selector();
    if (selector.isPresent()) {
      Optional<Predicate<JsonNode>> asked = ofSelector(selector.get());
      if (asked.isPresent()) {
        return asked.get();
      }
      at = from;
    }
    String value = value();
    int before = at;
    boolean not = takeWord("not", "in");
    if (!not) {
      at = before;
      if (!takeWord("in")) {
        at = before;
        blanks();
        throw mismatch();
      }
    }
    List<String> path = selector().orElseThrow(this::mismatch);
    return ask(path, not ? Operator.NOT_IN : Operator.IN, value);
  }

  /** Reads what follows a selector; nothing where it was none, but a value. */
  private Optional<Predicate<JsonNode>> ofSelector(List<String> path) {
    int from = at;
    blanks();
    for (Operator operator : new Operator[] {Operator.EQUAL, Operator.NOT_EQUAL}) {
      if (take(operator == Operator.EQUAL ? "==" : "!=")) {
        blanks();
        return Optional.of(ask(path, operator, value()));
      }
    }
    at = from;
    if (takeWord("contains")) {
      return Optional.of(ask(path, Operator.IN, value()));
    }
    at = from;
    if (takeWord("not", "contains")) {
      return Optional.of(ask(path, Operator.NOT_IN, value()));
    }
    at = from;
    if (takeWord("matches")) {
      return Optional.of(ask(path, Operator.MATCHES, value()));
    }
    at = from;
    if (takeWord("not", "matches")) {
      return Optional.of(ask(path, Operator.NOT_MATCHES, value()));
    }
    at = from;
    if (blanks() && take("is") && blanks()) {
      int is = at;
      if (take("not") && blanks() && take("empty")) {
        return Optional.of(ask(path, Operator.NOT_EMPTY, ""));
      }
      at = is;
      if (take("empty")) {
        return Optional.of(ask(path, Operator.EMPTY, ""));
      }
      furthest = Math.max(furthest, is);
    }
    return Optional.empty();
  }

  private Optional<List<String>> selector() {
    Optional<String> first = identifier();
    if (first.isEmpty()) {
      return Optional.empty();
    }
    List<String> path = new ArrayList<>(List.of(first.get()));
    while (true) {
      int before = at;
      if (take(".")) {
        Optional<String> next = identifier();
        if (next.isEmpty()) {
          at = before;
          return Optional.of(path);
        }
        path.add(next.get());
      } else if (take("[")) {
        blanks();
        if (at == text.length() || "\"`".indexOf(text.charAt(at)) < 0) {
          throw mismatch();
        }
        path.add(quoted());
        blanks();
        if (!take("]")) {
          throw mismatch();
        }
      } else {
        return Optional.of(path);
      }
    }
  }

  private Optional<String> identifier() {
    int from = at;
    if (at == text.length() || !isLetter(text.charAt(at))) {
      furthest = Math.max(furthest, at);
      return Optional.empty();
    }
    while (at < text.length() && isPart(text.charAt(at))) {
      at++;
    }
    return Optional.of(text.substring(from, at));
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isPart(char c) {
    return isLetter(c) || isDigit(c) || c == '_';
  }

  private String value() {
    Optional<List<String>> word = selector();
    if (word.isPresent()) {
      return String.join(".", word.get());
    }
    if (at < text.length() && "\"`".indexOf(text.charAt(at)) >= 0) {
      return quoted();
    }
    return number();
  }

  private String number() {
    int from = at;
    take("-");
    int digits = at;
    while (at < text.length() && isDigit(text.charAt(at))) {
      at++;
    }
    boolean leadingZero = at - digits > 1 && text.charAt(digits) == '0';
    if (at == digits || leadingZero) {
      at = digits;
      throw mismatch();
    }
    int whole = at;
    if (take(".")) {
      int fraction = at;
      while (at < text.length() && isDigit(text.charAt(at))) {
        at++;
      }
      at = at == fraction ? whole : at;
    }
    if (at < text.length() && " \t\r\n)".indexOf(text.charAt(at)) < 0) {
      throw mismatch();
    }
    return text.substring(from, at);
  }

  private String quoted() {
    int from = at;
    char quote = text.charAt(at++);
    int end = text.indexOf(quote, at);
    if (end < 0) {
      throw invalid(
          "1:" + (from + 1) + " (" + from + "): rule \"string\": Unterminated string literal");
    }
    String inner = text.substring(at, end);
    at = end + 1;
    return quote == '`'
        ? inner.replace("\r", "")
        : GoString.unquoted(inner).orElseThrow(() -> invalid("invalid syntax"));
  }

  private boolean blanks() {
    int from = at;
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    furthest = Math.max(furthest, at);
    return at > from;
  }

  private boolean take(String sign) {
    if (text.startsWith(sign, at)) {
      at += sign.length();
      return true;
    }
    furthest = Math.max(furthest, at);
    return false;
  }

  /** Takes words with blanks around each. */
  private boolean takeWord(String... words) {
    boolean taken = blanks();
    for (String word : words) {
      taken = taken && take(word) && blanks();
    }
    return taken;
  }

  private Predicate<JsonNode> ask(List<String> path, Operator operator, String value) {
    Selectors.Kind kind =
        selectors
            .find(path)
            .orElseThrow(
                () ->
                    invalid(
                        "Selector \"" + Fields.shown(String.join(".", path)) + "\" is not valid"));
    if (!operator.fits(kind)) {
      throw invalid(
          "Invalid match operator \""
              + operator.words
              + "\" for selector \""
              + Fields.shown(String.join(".", path))
              + "\"");
    }
    Predicate<JsonNode> question = question(new Selected(List.copyOf(path), kind), operator, value);
    return element -> walk(element, path, 0, operator, question);
  }

  /** Asks at the end of a path: of any structure of a list on the way. */
  private static boolean walk(
      JsonNode node, List<String> path, int from, Operator operator, Predicate<JsonNode> question) {
    if (from == path.size()) {
      return question.test(node);
    }
    if (node.isArray()) {
      for (JsonNode each : node) {
        if (walk(each, path, from, operator, question)) {
          return true;
        }
      }
      return false;
    }
    boolean isKey = from > 0 && isOfMap(path.get(from - 1));
    if (isKey && !node.has(path.get(from))) {
      return operator.ofMissing();
    }
    return walk(node.path(path.get(from)), path, from + 1, operator, question);
  }

  private static boolean isOfMap(String name) {
    return name.endsWith("Meta") || name.endsWith("TaggedAddresses");
  }

  private Predicate<JsonNode> question(Selected selected, Operator operator, String value) {
    return switch (operator) {
      case EQUAL -> equal(selected, value);
      case NOT_EQUAL -> equal(selected, value).negate();
      case IN -> contains(selected.kind(), value);
      case NOT_IN -> contains(selected.kind(), value).negate();
      case EMPTY -> JsonNode::isEmpty;
      case NOT_EMPTY -> node -> !node.isEmpty();
      case MATCHES -> matches(value);
      case NOT_MATCHES -> matches(value).negate();
    };
  }

  private static Predicate<JsonNode> equal(Selected selected, String value) {
    return switch (selected.kind()) {
      case NUMBER -> {
        long number = number(value);
        yield node -> node.asLong() == number;
      }
      case FLAG -> {
        boolean flag = flag(value);
        yield node -> node.asBoolean() == flag;
      }
      default -> node -> (node.isTextual() ? node.textValue() : "").equals(value);
    };
  }

  /** Reads a number as Go does where the base is to be told from it. */
  private static long number(String value) {
    try {
      return Long.decode(value);
    } catch (NumberFormatException malformed) {
      throw invalid("strconv.ParseInt: parsing \"" + Fields.shown(value) + "\": invalid syntax");
    }
  }

  private static boolean flag(String value) {
    return switch (value) {
      case "1", "t", "T", "TRUE", "true", "True" -> true;
      case "0", "f", "F", "FALSE", "false", "False" -> false;
      default ->
          throw invalid(
              "strconv.ParseBool: parsing \"" + Fields.shown(value) + "\": invalid syntax");
    };
  }

  private static Predicate<JsonNode> contains(Selectors.Kind kind, String value) {
    return switch (kind) {
      case MAP -> node -> node.has(value);
      case LIST ->
          node -> {
            for (JsonNode each : node) {
              if (each.asText().equals(value)) {
                return true;
              }
            }
            return false;
          };
      default -> node -> node.asText().contains(value);
    };
  }

  private Predicate<JsonNode> matches(String value) {
    FilterBudget.Expression expression;
    try {
      expression = FilterBudget.expression(value);
    } catch (IllegalArgumentException malformed) {
      throw invalid(Fields.shown(String.valueOf(malformed.getMessage())));
    }
    return node -> budget.find(expression, node.asText());
  }
}
