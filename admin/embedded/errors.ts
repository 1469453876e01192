import mongoose, { type mongo } from 'mongoose';

/** Error codes of MongoDB that the embedded store raises in the same places, by the names MongoDB has for them. */
export const ERROR_CODES = {
  BadValue: 2,
  FailedToParse: 9,
  TypeMismatch: 14,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  NamespaceExists: 48,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  EmptyFieldName: 56,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  ShutdownInProgress: 91,
  CommandNotSupported: 115,
  CannotIndexParallelArrays: 171,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
} as const;

export type ErrorCodeName = keyof typeof ERROR_CODES;

/** An error as MongoDB's driver gives it: callers look at `code`, never at the text. */
export function serverError(
  codeName: ErrorCodeName,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): mongo.MongoServerError {
  return new mongoose.mongo.MongoServerError({ message, code: ERROR_CODES[codeName], codeName, ...details });
}

/** For what MongoDB has and this store has not. */
export function unsupported(thing: string): mongo.MongoServerError {
  return serverError('CommandNotSupported', `The embedded store has no ${thing}. MongoDB has: set MONGODB_URI.`);
}

export function duplicateKey(
  collection: string,
  index: string,
  keyPattern: Readonly<Record<string, 1 | -1>>,
  keyValue: Readonly<Record<string, unknown>>,
): mongo.MongoServerError {
  const fields = Object.keys(keyPattern).join(', ');
  return serverError(
    'DuplicateKey',
    `E11000 duplicate key error collection: ${collection} index: ${index} fields: ${fields}`,
    { keyPattern, keyValue },
  );
}

/** The store's file cannot be opened; `message` names the file, what is wrong and the way out. */
export class EmbeddedOpenError extends Error {
  override readonly name = 'EmbeddedOpenError';
  readonly path: string;

  constructor(path: string, reason: string, cause?: unknown) {
    super(`The embedded store ${path} cannot be opened: ${reason}`, { cause });
    this.path = path;
  }
}
