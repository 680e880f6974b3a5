package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Consul's {@code filter} expressions: {@code ==}, {@code !=}, {@code in}, {@code contains}, {@code
 * is empty}, {@code matches}, with {@code not}, {@code and}, {@code or} and brackets, over the JSON
 * of one element. A parser by recursive descent over one expression; not thread-safe, what it
 * returns is.
 */
final class FilterExpression {
  private static final int LONGEST = 2_048;
  private static final int DEEPEST = 32;
  private static final Set<String> WORDS =
      Set.of("and", "or", "not", "in", "is", "contains", "matches", "empty");

  private final Selectors selectors;
  private final List<Token> tokens;
  private int next;
  private int depth;

  private enum Kind {
    WORD,
    TEXT,
    SIGN,
    END
  }

  private record Token(Kind kind, String text, int at) {}

  private FilterExpression(String expression, Selectors selectors) {
    this.selectors = selectors;
    tokens = tokens(expression);
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
    FilterExpression filter = new FilterExpression(expression, selectors);
    Predicate<JsonNode> read = filter.either();
    if (filter.peek().kind() != Kind.END) {
      throw filter.unexpected();
    }
    return read;
  }

  private static RefusedException invalid(String why) {
    return RefusedException.query("Failed to create boolean expression evaluator: " + why);
  }

  private Predicate<JsonNode> either() {
    Predicate<JsonNode> left = both();
    while (takeWord("or")) {
      left = left.or(both());
    }
    return left;
  }

  private Predicate<JsonNode> both() {
    Predicate<JsonNode> left = negated();
    while (takeWord("and")) {
      left = left.and(negated());
    }
    return left;
  }

  private Predicate<JsonNode> negated() {
    if (++depth > DEEPEST) {
      throw invalid("nested deeper than " + DEEPEST);
    }
    try {
      if (takeWord("not")) {
        return negated().negate();
      }
      if (takeSign("(")) {
        Predicate<JsonNode> inner = either();
        if (!takeSign(")")) {
          throw unexpected();
        }
        return inner;
      }
      return match();
    } finally {
      depth--;
    }
  }

  private Predicate<JsonNode> match() {
    Token first = tokens.get(next++);
    if (first.kind() != Kind.WORD && first.kind() != Kind.TEXT) {
      next--;
      throw unexpected();
    }
    boolean not = takeWord("not");
    if (takeWord("in")) {
      Predicate<JsonNode> in = contains(selector(take()), first.text());
      return not ? in.negate() : in;
    }
    List<String> path = selector(first);
    if (takeWord("contains")) {
      Predicate<JsonNode> contains = contains(path, value());
      return not ? contains.negate() : contains;
    }
    if (takeWord("matches")) {
      requireFit(path, false, not ? "Not Matches" : "Matches");
      Predicate<JsonNode> matches = matches(path, value());
      return not ? matches.negate() : matches;
    }
    if (not) {
      throw unexpected();
    }
    if (takeWord("is")) {
      boolean negated = takeWord("not");
      if (!takeWord("empty")) {
        throw unexpected();
      }
      requireFit(path, true, negated ? "Is Not Empty" : "Is Empty");
      return element -> isEmpty(at(element, path)) != negated;
    }
    if (takeSign("==")) {
      requireFit(path, false, "Equal");
      String value = value();
      return element -> equal(at(element, path), value);
    }
    if (takeSign("!=")) {
      requireFit(path, false, "Not Equal");
      String value = value();
      return element -> !equal(at(element, path), value);
    }
    throw unexpected();
  }

  /** Some questions are asked of lists and maps alone, some of single values. */
  private void requireFit(List<String> path, boolean ofCollection, String operator) {
    if (selectors.isCollection(path) != ofCollection) {
      throw invalid(
          "Invalid match operator \""
              + operator
              + "\" for selector \""
              + Fields.shown(String.join(".", path))
              + "\"");
    }
  }

  private Token take() {
    Token token = tokens.get(next);
    if (token.kind() == Kind.END) {
      throw unexpected();
    }
    next++;
    return token;
  }

  private String value() {
    Token token = take();
    if (token.kind() == Kind.SIGN) {
      next--;
      throw unexpected();
    }
    return token.text();
  }

  private List<String> selector(Token first) {
    if (first.kind() != Kind.WORD || WORDS.contains(first.text())) {
      throw unexpected(first);
    }
    List<String> path = new ArrayList<>(List.of(first.text().split("\\.", -1)));
    while (takeSign("[")) {
      path.add(value());
      if (!takeSign("]")) {
        throw unexpected();
      }
    }
    if (!selectors.allows(path)) {
      throw invalid("Selector \"" + Fields.shown(String.join(".", path)) + "\" is not valid");
    }
    return List.copyOf(path);
  }

  private Token peek() {
    return tokens.get(next);
  }

  private boolean takeWord(String word) {
    Token token = peek();
    if (token.kind() == Kind.WORD && token.text().equals(word)) {
      next++;
      return true;
    }
    return false;
  }

  private boolean takeSign(String sign) {
    Token token = peek();
    if (token.kind() == Kind.SIGN && token.text().equals(sign)) {
      next++;
      return true;
    }
    return false;
  }

  private RefusedException unexpected() {
    return unexpected(peek());
  }

  private static RefusedException unexpected(Token token) {
    return invalid(
        "1:"
            + (token.at() + 1)
            + " ("
            + token.at()
            + "): no match found"
            + (token.kind() == Kind.END ? "" : " at \"" + Fields.shown(token.text()) + "\""));
  }

  private static JsonNode at(JsonNode element, List<String> path) {
    JsonNode node = element;
    for (int i = 0; i < path.size() && !node.isMissingNode(); i++) {
      node = node.path(path.get(i));
    }
    return node;
  }

  private static boolean equal(JsonNode node, String value) {
    return node.isValueNode() && !node.isNull() && node.asText().equals(value);
  }

  private static boolean isEmpty(JsonNode node) {
    return node.isTextual() ? node.textValue().isEmpty() : node.isEmpty();
  }

  private static Predicate<JsonNode> contains(List<String> path, String value) {
    return element -> {
      JsonNode node = at(element, path);
      if (node.isTextual()) {
        return node.textValue().contains(value);
      }
      if (node.isObject()) {
        return node.has(value);
      }
      for (JsonNode each : node) {
        if (equal(each, value)) {
          return true;
        }
      }
      return false;
    };
  }

  private static Predicate<JsonNode> matches(List<String> path, String expression) {
    try {
      Pattern pattern = Pattern.compile(expression);
      return element -> {
        JsonNode node = at(element, path);
        return node.isTextual() && SafeMatch.find(pattern, node.textValue());
      };
    } catch (PatternSyntaxException malformed) {
      throw invalid(
          "error parsing regexp: " + Fields.shown(String.valueOf(malformed.getDescription())));
    }
  }

  private static List<Token> tokens(String text) {
    List<Token> tokens = new ArrayList<>();
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      int from = i;
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        i++;
      } else if (c == '"' || c == '`') {
        StringBuilder value = new StringBuilder();
        i++;
        while (i < text.length() && text.charAt(i) != c) {
          if (c == '"' && text.charAt(i) == '\\' && i + 1 < text.length()) {
            i++;
          }
          value.append(text.charAt(i++));
        }
        if (i == text.length()) {
          throw invalid(
              "1:" + (from + 1) + " (" + from + "): rule \"string\": Unterminated string literal");
        }
        i++;
        tokens.add(new Token(Kind.TEXT, value.toString(), from));
      } else if (text.startsWith("==", i) || text.startsWith("!=", i)) {
        i += 2;
        tokens.add(new Token(Kind.SIGN, text.substring(from, i), from));
      } else if ("()[]".indexOf(c) >= 0) {
        i++;
        tokens.add(new Token(Kind.SIGN, String.valueOf(c), from));
      } else if (isWordPart(c)) {
        while (i < text.length() && isWordPart(text.charAt(i))) {
          i++;
        }
        tokens.add(new Token(Kind.WORD, text.substring(from, i), from));
      } else {
        throw invalid("1:" + (i + 1) + " (" + i + "): no match found");
      }
    }
    tokens.add(new Token(Kind.END, "", text.length()));
    return tokens;
  }

  private static boolean isWordPart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '-' || c == '.' || c == '/';
  }
}
