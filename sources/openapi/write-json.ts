/** JSON text of plain data in which integers may be bigints: JSON has no limit to their digits. */
export function writeJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, own]) => own !== undefined)
    .map(([key, own]) => `${JSON.stringify(key)}:${writeJson(own)}`);
  return `{${members.join(',')}}`;
}
