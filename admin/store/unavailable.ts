/** The driver's errors for a server that is not there, that it has lost, or that it waited for in vain. */
const NAMES =
  /^Mongo(ose)?(Network|ServerSelection|NotConnected|TopologyClosed|ServerClosed|ClientClosed|Pool|WaitQueue|OperationTimeout|WriteConcern)/;
/**
 * A server that is shutting down, or is no longer the primary
 * (https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md).
 */
const CODES: ReadonlySet<unknown> = new Set([
  6, 7, 89, 91, 189, 262, 9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436,
]);
const LABELS = ['RetryableWriteError', 'RetryableReadError', 'TransientTransactionError', 'SystemOverloadedError'];
/** A file that another process holds, or a disk that fails or is full: it may go again. */
const SQLITE = /^SQLITE_(BUSY|LOCKED|IOERR|FULL|CANTOPEN|READONLY|PROTOCOL)/;

/** Whether the store could not be asked, or did not answer: the same may go well later. */
export function isUnavailable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name, message, code, hasErrorLabel } = error as {
    readonly name?: unknown;
    readonly message?: unknown;
    readonly code?: unknown;
    readonly hasErrorLabel?: unknown;
  };
  if (typeof name === 'string' && NAMES.test(name)) return true;
  // What mongoose keeps for a connection that does not come back has no name of its own.
  if (name === 'MongooseError' && /buffering timed out/.test(String(message))) return true;
  if (typeof code === 'string') return SQLITE.test(code);
  if (CODES.has(code)) return true;
  return typeof hasErrorLabel === 'function' && LABELS.some((label) => hasErrorLabel.call(error, label) === true);
}
