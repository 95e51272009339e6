/** Finds the tables of a file that holds several, each under a heading such as `### EXERCISE LOGS ####`. */
import { readTable, type Table } from './read-table.ts';

const HEADING = /^### ([A-Z][A-Z ]*?) *#*$/;

/** The table under that heading, with its rows' lines in the file; undefined when there is none or it is empty. */
export function findSection(text: string, name: string): Table | undefined {
  const lines = text.split(/\r\n|\n|\r/);
  const heading = lines.findIndex((line) => HEADING.exec(line)?.[1] === name);
  if (heading === -1) {
    return undefined;
  }
  const body = lines.slice(heading + 1);
  const end = body.findIndex((line) => line.startsWith('###'));
  const section = end === -1 ? body : body.slice(0, end);
  return section.every((line) => line.trim() === '') ? undefined : readTable(section.join('\n'), heading + 2);
}
