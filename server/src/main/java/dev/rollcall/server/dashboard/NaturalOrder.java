package dev.rollcall.server.dashboard;

import java.util.Comparator;

/** Orders texts as people do: numbers in them by value, and capitals beside small letters. */
final class NaturalOrder implements Comparator<String> {
  static final NaturalOrder INSTANCE = new NaturalOrder();

  private NaturalOrder() {}

  @Override
  public int compare(String one, String other) {
    int i = 0;
    int j = 0;
    while (i < one.length() && j < other.length()) {
      char c = one.charAt(i);
      char d = other.charAt(j);
      if (isDigit(c) && isDigit(d)) {
        int ends = numberEnd(one, i);
        int otherEnds = numberEnd(other, j);
        int difference = compareNumbers(one, i, ends, other, j, otherEnds);
        if (difference != 0) {
          return difference;
        }
        i = ends;
        j = otherEnds;
      } else {
        int difference = Character.compare(Character.toLowerCase(c), Character.toLowerCase(d));
        if (difference != 0) {
          return difference;
        }
        i++;
        j++;
      }
    }
    int rest = Integer.compare(one.length() - i, other.length() - j);
    return rest != 0 ? rest : one.compareTo(other);
  }

  private static int compareNumbers(
      String one, int from, int to, String other, int otherFrom, int otherTo) {
    int i = withoutZeros(one, from, to);
    int j = withoutZeros(other, otherFrom, otherTo);
    int byLength = Integer.compare(to - i, otherTo - j);
    for (; byLength == 0 && i < to; i++, j++) {
      int byDigit = Character.compare(one.charAt(i), other.charAt(j));
      if (byDigit != 0) {
        return byDigit;
      }
    }
    return byLength;
  }

  private static int withoutZeros(String text, int from, int to) {
    int at = from;
    while (at < to && text.charAt(at) == '0') {
      at++;
    }
    return at;
  }

  private static int numberEnd(String text, int from) {
    int at = from;
    while (at < text.length() && isDigit(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
