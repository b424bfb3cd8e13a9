package io.millrace.tools.output;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;

/**
 * Passes text on without what steers a terminal: what is told of a failure may quote a name that
 * somebody else chose. Lines and tabs stay, other control characters become {@code ?}, and so do
 * those that turn the direction of text.
 */
public final class TerminalSafeWriter extends FilterWriter {

  public TerminalSafeWriter(Writer out) {
    super(out);
  }

  @Override
  public void write(int character) throws IOException {
    out.write(safe((char) character));
  }

  @Override
  public void write(char[] text, int from, int length) throws IOException {
    write(new String(text, from, length), 0, length);
  }

  @Override
  public void write(String text, int from, int length) throws IOException {
    StringBuilder safe = new StringBuilder(length);
    for (int i = from; i < from + length; i++) {
      safe.append(safe(text.charAt(i)));
    }
    out.append(safe);
  }

  private static char safe(char character) {
    boolean isOfLines = character == '\n' || character == '\r' || character == '\t';
    return steers(character) && !isOfLines ? '?' : character;
  }

  /** Whether a terminal does more than show it: controls, and what turns the direction of text. */
  static boolean steers(char character) {
    return Character.isISOControl(character)
        || character == '\u061c'
        || (character >= '\u200e' && character <= '\u200f')
        || (character >= '\u2028' && character <= '\u202e')
        || (character >= '\u2066' && character <= '\u2069');
  }
}
