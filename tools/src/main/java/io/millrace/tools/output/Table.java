package io.millrace.tools.output;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A table for people: columns as wide as their widest cell, numbers to the right, a header in
 * capitals. A cell that is far too long is shown whole and pushes its own row alone.
 */
public final class Table {

  private static final String GAP = "  ";
  private static final int WIDEST_COLUMN = 100;

  private final List<String> headers;
  private final Set<Integer> rightAligned = new TreeSet<>();
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * @param headers one per column; one that begins with {@code >} is right-aligned, for numbers
   */
  public Table(String... headers) {
    List<String> names = new ArrayList<>();
    for (int column = 0; column < headers.length; column++) {
      boolean right = headers[column].startsWith(">");
      if (right) {
        rightAligned.add(column);
      }
      names.add(right ? headers[column].substring(1) : headers[column]);
    }
    this.headers = List.copyOf(names);
  }

  /**
   * Adds a row; each cell prints as its {@code toString}.
   *
   * @throws IllegalArgumentException when the row has not one cell per column
   */
  public Table row(Object... cells) {
    if (cells.length != headers.size()) {
      throw new IllegalArgumentException(
          "row of " + cells.length + " cells in a table of " + headers.size() + " columns");
    }
    List<String> row = new ArrayList<>(cells.length);
    for (Object cell : cells) {
      row.add(printable(String.valueOf(cell)));
    }
    rows.add(row);
    return this;
  }

  /** Whether no row was added. */
  public boolean isEmpty() {
    return rows.isEmpty();
  }

  /** Writes header and rows, without trailing blanks. */
  public void print(PrintWriter out) {
    int[] widths = new int[headers.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = headers.get(column).length();
      for (List<String> row : rows) {
        int width = row.get(column).length();
        widths[column] = width > WIDEST_COLUMN ? widths[column] : Math.max(widths[column], width);
      }
    }
    printRow(out, headers, widths);
    for (List<String> row : rows) {
      printRow(out, row, widths);
    }
  }

  private void printRow(PrintWriter out, List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      String cell = cells.get(column);
      String blanks = " ".repeat(Math.max(0, widths[column] - cell.length()));
      line.append(rightAligned.contains(column) ? blanks + cell : cell + blanks).append(GAP);
    }
    out.println(line.toString().stripTrailing());
  }

  /**
   * A terminal must not be steered by what somebody stored: control characters become {@code ?},
   * and so do those that turn the direction of text.
   */
  public static String printable(String text) {
    StringBuilder safe = null;
    for (int i = 0; i < text.length(); i++) {
      if (TerminalSafeWriter.steers(text.charAt(i))) {
        if (safe == null) {
          safe = new StringBuilder(text);
        }
        safe.setCharAt(i, '?');
      }
    }
    return safe == null ? text : safe.toString();
  }
}
