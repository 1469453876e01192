/** A description line in front of a definition, or nothing. */
export function described(text: string | null | undefined, indent = ''): string {
  const plain = text?.trim();
  return plain ? `${indent}${JSON.stringify(plain)}\n` : '';
}

export function deprecation(deprecated: boolean): string {
  return deprecated ? ' @deprecated' : '';
}
