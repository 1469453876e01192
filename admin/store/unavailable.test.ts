import mongoose from 'mongoose';
import { expect, it } from 'vitest';
import { serverError } from '../embedded/errors.ts';
import { isUnavailable } from './unavailable.ts';

const { MongoNetworkError, MongoNotConnectedError, MongoServerError } = mongoose.mongo;
const sqlite = (code: string) => Object.assign(new Error('disk I/O error'), { code });

it.each([
  new MongoNetworkError('connection closed'),
  new MongoNotConnectedError('Client must be connected'),
  new mongoose.Error.MongooseServerSelectionError('connect ECONNREFUSED'),
  new mongoose.Error('Operation `apps.find()` buffering timed out after 10000ms'),
  new MongoServerError({ message: 'not primary', code: 10107 }),
  new MongoServerError({ message: 'try again', code: 8, errorLabels: ['RetryableWriteError'] }),
  serverError('ShutdownInProgress', 'The embedded store is closed.'),
  sqlite('SQLITE_BUSY'),
  sqlite('SQLITE_IOERR_WRITE'),
  sqlite('SQLITE_FULL'),
])('takes %s for a store that does not answer', (error) => {
  expect(isUnavailable(error)).toBe(true);
});

it.each([
  new Error('The connection is gone.'),
  serverError('BadValue', 'unknown operator'),
  serverError('DuplicateKey', 'E11000'),
  new mongoose.Error('Cast failed'),
  sqlite('SQLITE_CORRUPT'),
  undefined,
  'MongoNetworkError',
])('takes %s for something else', (error) => {
  expect(isUnavailable(error)).toBe(false);
});
