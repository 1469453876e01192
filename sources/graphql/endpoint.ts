/** GraphQL has one address, and its path is kept to the letter: some servers insist on a slash at its end. */
export function splitEndpoint(text: string): { endpoint: string; path: string } {
  const url = new URL(text);
  const path = url.pathname + url.search;
  url.pathname = '';
  url.search = '';
  url.hash = '';
  return { endpoint: url.href, path };
}
