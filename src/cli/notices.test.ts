import { expect, test } from 'vitest';
import { formatNotices } from './notices.ts';

test('notices of one operation that say the same can be told apart', () => {
  const leftOut = (operation: string, name: string) => ({
    path: ['sources', 'orders'],
    message: `${operation}: the parameter "${name}" is left out, because it belongs to the connection.`,
  });
  const notices = [leftOut('getOrder', 'Host'), leftOut('getOrder', 'Transfer-Encoding'), leftOut('listOrders', 'TE')];
  const text = formatNotices(notices, { file: 'skein.yaml', locate: () => undefined, all: false });
  expect(text).toContain(
    '  3 × the parameter "…" is left out, because it belongs to the connection.\n' +
      '      getOrder "Host", getOrder "Transfer-Encoding", listOrders\n',
  );
});
