/**
 * What of a Markdown file is for machines: the comments before its code blocks say what each is.
 *
 *     <!-- file: first.mjs -->                       the block is this file
 *     <!-- prints: node first.mjs -->                the block is what the command prints
 *     <!-- prints, numbers vary: node tree.mjs -->   the same, ids and numbers aside
 *     <!-- runs: node --test x.mjs -->               the command ends with 0; no block
 *     <!-- step: install -->                         the block is commands of a shell, run one after the other by a newcomer
 *     <!-- serves: the page -->                      the block is a command that goes on until it is ended
 *     <!-- record: prod-master -->                   the block is the one record in that stream
 *     <!-- errors --> ... <!-- /errors -->           a section
 */
export type Marked =
  | { readonly type: 'file'; readonly name: string; readonly text: string }
  | {
      readonly type: 'prints';
      readonly command: string;
      readonly numbersVary: boolean;
      readonly text: string;
    }
  | { readonly type: 'step'; readonly name: string; readonly commands: string }
  | { readonly type: 'serves'; readonly name: string; readonly commands: string }
  | { readonly type: 'runs'; readonly command: string }
  | { readonly type: 'record'; readonly stream: string; readonly text: string };

const BLOCK =
  /^<!-- (file|prints|prints, numbers vary|record|step|serves): (.+) -->\n```\w+\n([\s\S]*?)^```$/gm;
const RUNS = /^<!-- runs: (.+) -->$/gm;

export function marked(markdown: string): Marked[] {
  const blocks = [...markdown.matchAll(BLOCK)].map(([, kind, value = '', text = '']): Marked => {
    switch (kind) {
      case 'file':
        return { type: 'file', name: value, text };
      case 'step':
      case 'serves':
        return { type: kind, name: value, commands: text.trimEnd() };
      case 'record':
        return { type: 'record', stream: value, text };
      default:
        return { type: 'prints', command: value, numbersVary: kind !== 'prints', text };
    }
  });
  const runs = [...markdown.matchAll(RUNS)].map(([, command = '']): Marked => ({ type: 'runs', command }));
  return [...blocks, ...runs];
}

/** The first code block of all. */
export function firstBlock(markdown: string): string {
  return /^```\w*\n([\s\S]*?)^```$/m.exec(markdown)?.[1] ?? '';
}

/** What stands between `<!-- name ... -->` and `<!-- /name -->`. */
export function section(markdown: string, name: string): string {
  const found = new RegExp(`^<!-- ${name}\\b.*-->\\n([\\s\\S]*?)^<!-- /${name} -->$`, 'm').exec(markdown);
  if (found === null) throw new Error(`there is no section ${name}`);
  return (found[1] ?? '').trim();
}

/** The rows of a table, a list of cells each, without its head. */
export function rows(table: string): string[][] {
  const cells = (line: string): string[] =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
  return table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map(cells);
}

/** The targets of links: relative ones as paths and anchors, all others left out. */
export function relativeLinks(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^\w+:/.test(target));
}

/** The anchors that GitHub gives to headings. */
export function anchors(markdown: string): Set<string> {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '');
  return new Set(
    [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      (title ?? '')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Texts that differ in ids and numbers only become the same. */
export function withoutNumbers(text: string): string {
  return text.replaceAll(/[\w-]{12}-\d+-\d+/g, 'ID').replaceAll(/\d+(\.\d+)?/g, '0');
}
