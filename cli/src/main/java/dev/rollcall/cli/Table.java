package dev.rollcall.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows in aligned columns, under their titles. Not thread-safe. */
final class Table {
  private static final int MIN_COLUMN = 4;
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  Table(String... titles) {
    rows.add(List.of(titles));
  }

  Table row(String... cells) {
    rows.add(Arrays.stream(cells).map(Cells::safe).toList());
    return this;
  }

  /**
   * Prints the rows; where they are wider than the screen, columns that hold nothing are left out
   * and the widest ones are cut.
   */
  void print(PrintWriter out, int screenWidth) {
    int[] widths = widths(screenWidth);
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        if (widths[i] == 0) {
          continue;
        }
        line.append(i == 0 ? "" : GAP);
        line.append(Cells.padded(Cells.cut(row.get(i), widths[i]), widths[i]));
      }
      out.println(line.toString().stripTrailing());
    }
    out.flush();
  }

  private int[] widths(int screenWidth) {
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], Cells.width(row.get(i)));
      }
    }
    int over = Arrays.stream(widths).sum() + GAP.length() * (widths.length - 1) - screenWidth;
    for (int i = 1; over > 0 && rows.size() > 1 && i < widths.length; i++) {
      if (isEmpty(i)) {
        over -= widths[i] + GAP.length();
        widths[i] = 0;
      }
    }
    while (over-- > 0) {
      int widest = 0;
      for (int i = 1; i < widths.length; i++) {
        widest = widths[i] > widths[widest] ? i : widest;
      }
      if (widths[widest] <= MIN_COLUMN) {
        break;
      }
      widths[widest]--;
    }
    return widths;
  }

  private boolean isEmpty(int column) {
    return rows.stream().skip(1).allMatch(row -> row.get(column).isEmpty());
  }
}
