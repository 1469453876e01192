import type { Problem } from '../../kernel/problem.ts';
import { clean, comparePlaces, type PrintOptions, placeOf, placeText } from '../config/print-problems.ts';

/** Notices of one source that say the same of different things. */
export interface NoticeGroup {
  readonly source: string;
  /** What they say, with … for what they say it of. */
  readonly reason: string;
  readonly notices: readonly Problem[];
}

/** The names in front of a reason: an operation, and a place below it. */
const SUBJECT = /^(?:(?:[A-Z]+ \/\S*|[^\s"]+): )*(?:[A-Z]+ \/\S*|[^\s"]+)(?=: | (?:is|are|has|have) )/;
const QUOTED = /"(?:[^"\\]|\\.)*"|`[^`]*`/g;

/** Groups by source and reason, in the order of the sources, the largest group first. */
export function groupNotices(notices: readonly Problem[]): readonly NoticeGroup[] {
  const bySource = new Map<string, Map<string, Problem[]>>();
  for (const notice of notices) {
    const source = notice.path?.[0] === 'sources' ? String(notice.path[1]) : '';
    const groups = bySource.get(source) ?? new Map<string, Problem[]>();
    bySource.set(source, groups);
    const reason = reasonOf(notice.message);
    const group = groups.get(reason);
    if (group === undefined) groups.set(reason, [notice]);
    else group.push(notice);
  }
  return [...bySource].flatMap(([source, groups]) =>
    [...groups]
      .map(([reason, group]) => ({ source, reason, notices: group }))
      .sort((a, b) => b.notices.length - a.notices.length),
  );
}

function reasonOf(message: string): string {
  return message.replace(SUBJECT, '…').replace(/^…: /, '').replace(QUOTED, '"…"').replace(/\d+/g, '…');
}

/** What a notice says its reason of. */
function subjectOf(message: string): string {
  return SUBJECT.exec(message)?.[0] ?? QUOTED_ONCE.exec(message)?.[0] ?? '';
}

const QUOTED_ONCE = new RegExp(QUOTED.source);
const MAX_EXAMPLES = 3;
const MAX_GROUPS = 20;

export interface NoticesOptions extends Pick<PrintOptions, 'file' | 'locate'> {
  /** Each notice with its place. */
  readonly all: boolean;
}

/** Notices as text; empty if there are none. */
export function formatNotices(notices: readonly Problem[], options: NoticesOptions): string {
  if (notices.length === 0) return '';
  const lines: string[] = [];
  const total = notices.length === 1 ? '1 notice.' : `${notices.length} notices.`;
  const groups = groupNotices(notices);
  for (const source of new Set(groups.map((group) => group.source))) {
    const own = groups.filter((group) => group.source === source);
    const count = own.reduce((sum, group) => sum + group.notices.length, 0);
    if (source !== '') lines.push(`${source}: ${count === 1 ? '1 notice' : `${count} notices`}`);
    if (options.all)
      lines.push(
        ...own
          .flatMap((group) => group.notices)
          .map(withPlace)
          .sort(byPlace)
          .map(({ text }) => text),
      );
    else lines.push(...shortened(own));
  }
  const more = !options.all && groups.some((group) => group.notices.length > 1) ? ' Each of them: --all.' : '';
  return `What documents say and the graph has not:\n${lines.join('\n')}\n${total}${more}\n`;

  function withPlace(notice: Problem) {
    const place = placeOf(notice, options);
    const way = notice.suggestion === undefined ? '' : `\n    ${clean(notice.suggestion)}`;
    return { place, text: `  ${placeText(place)}  ${clean(notice.message)}${way}` };
  }

  function byPlace(a: ReturnType<typeof withPlace>, b: ReturnType<typeof withPlace>): number {
    return comparePlaces(a.place, b.place);
  }

  function shortened(own: readonly NoticeGroup[]): string[] {
    const shown = own.slice(0, MAX_GROUPS).flatMap(({ reason, notices: group }) => {
      const [first] = group;
      if (first === undefined) return [];
      if (group.length === 1) return [withPlace(first).text];
      const shown = group.slice(0, MAX_EXAMPLES);
      const isOneOf = (notice: Problem) =>
        shown.filter(({ message }) => subjectOf(message) === subjectOf(notice.message)).length > 1;
      const examples = shown.map((notice) => exampleText(notice, isOneOf(notice))).join(', ');
      const others = group.length > MAX_EXAMPLES ? ` and ${group.length - MAX_EXAMPLES} more` : '';
      return [`  ${group.length} × ${clean(reason)}`, `      ${examples}${others}`];
    });
    const rest = own.slice(MAX_GROUPS).reduce((sum, group) => sum + group.notices.length, 0);
    return rest === 0 ? shown : [...shown, `  ${rest} others of ${own.length - MAX_GROUPS} more sorts`];
  }

  /** Several of one subject are told apart by what they quote. */
  function exampleText(notice: Problem, isOneOf: boolean): string {
    const { line } = placeOf(notice, options);
    const subject = subjectOf(notice.message);
    const quoted = isOneOf ? (QUOTED_ONCE.exec(notice.message)?.[0] ?? '') : '';
    const name = quoted === '' || quoted === subject ? subject : `${subject} ${quoted}`;
    return `${clean(name)}${line === 0 ? '' : ` (line ${line})`}`;
  }
}
