/** Lays out text for a terminal: columns, wrapped cells, ranges of lines, without control characters. */

const WIDTH = 110;

/** Columns as wide as their widest cell: the first to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

/** Cells after a label, as many as fit in a line; the others below, indented. */
export function wrapCells(
  label: string,
  cells: readonly string[],
  { separator, indent }: { separator: string; indent: number },
): string[] {
  const lines: string[] = [];
  let line = label;
  for (const [index, cell] of cells.entries()) {
    const isLast = index === cells.length - 1;
    const text = isLast ? cell : cell + separator;
    if (index > 0 && line.length + text.trimEnd().length > WIDTH) {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent);
    }
    line += text;
  }
  return [...lines, line.trimEnd()];
}

/** `line 3`, `lines 7-9`: neighbours together. Takes line numbers in ascending order. */
export function lineRanges(lines: readonly number[]): string[] {
  const ranges: [number, number][] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last && line === last[1] + 1) {
      last[1] = line;
    } else {
      ranges.push([line, line]);
    }
  }
  const texts = ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
  const isOne = ranges.length === 1 && ranges[0]?.[0] === ranges[0]?.[1];
  return texts.map((text, index) => (index === 0 ? `${isOne ? 'line' : 'lines'} ${text}` : text));
}

/** Without control characters and direction marks. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
