import type { OperationTypeNode } from 'graphql';
import type { Durations } from '../../../kernel/durations.ts';
import { isErrorCode } from '../../../kernel/errors.ts';
import type { PublicResult } from '../../public-errors.ts';
import type { DoorName } from './door-name.ts';
import { type Cell, createCounter, createDurations, type Register } from './series.ts';

export type OperationOutcome = 'ok' | 'partial' | 'failed' | 'canceled';

/** Told of what becomes of operations: counts, no words of clients. */
export interface OperationObserver {
  /** It does not run. */
  refused(errors: readonly unknown[]): void;
  /** It has run; of a subscription, it could not be opened. */
  ended(type: OperationTypeNode, result: PublicResult, tookMs: number): void;
  /** A result of a subscription. */
  event(result: PublicResult): void;
  /** Once for each subscription that was opened. `canceled`: its client has ended it. */
  streamEnded(type: OperationTypeNode, outcome: OperationOutcome, tookMs: number): void;
}

export interface OperationMetrics {
  /** What operations of a door are told to. */
  through(door: DoorName): OperationObserver;
}

export function createOperationMetrics(registry: Register): OperationMetrics {
  const took = createDurations(registry, {
    name: 'skein_operation_duration_seconds',
    help: 'Time that GraphQL operations ran; of subscriptions, as long as they were open.',
    labelNames: ['door', 'type', 'outcome'],
  });
  const refused = createCounter(registry, {
    name: 'skein_operations_refused_total',
    help: 'GraphQL operations that did not run, by the code of their first error.',
    labelNames: ['door', 'code'],
  });
  const errors = createCounter(registry, {
    name: 'skein_operation_errors_total',
    help: 'Answers and events of GraphQL operations that had errors of a code: each counts once, however many.',
    labelNames: ['door', 'code'],
  });
  const events = createCounter(registry, {
    name: 'skein_subscription_events_total',
    help: 'Events of subscriptions that were given to clients.',
    labelNames: ['door'],
  });

  return {
    through(door) {
      const durations = new Map<OperationOutcome, Map<OperationTypeNode, Durations>>();
      const codes = new Map<string, Cell>();
      const sent = events(door);

      const durationOf = (type: OperationTypeNode, outcome: OperationOutcome): Durations => {
        let byType = durations.get(outcome);
        if (byType === undefined) {
          byType = new Map();
          durations.set(outcome, byType);
        }
        let found = byType.get(type);
        if (found === undefined) {
          found = took(door, type, outcome);
          byType.set(type, found);
        }
        return found;
      };
      const countCodes = (told: NonNullable<PublicResult['errors']>) => {
        const [first] = told;
        const all = told.length === 1 ? [codeOf(first)] : new Set(told.map(codeOf));
        for (const code of all) {
          let cell = codes.get(code);
          if (cell === undefined) {
            cell = errors(door, code);
            codes.set(code, cell);
          }
          cell.value += 1;
        }
      };
      return {
        refused(told) {
          refused(door, codeOf(told[0])).value += 1;
        },
        ended(type, result, tookMs) {
          if (result.errors !== undefined) countCodes(result.errors);
          durationOf(type, outcomeOf(result)).observe(tookMs);
        },
        event(result) {
          sent.value += 1;
          if (result.errors !== undefined) countCodes(result.errors);
        },
        streamEnded(type, outcome, tookMs) {
          durationOf(type, outcome).observe(tookMs);
        },
      };
    },
  };
}

function outcomeOf({ data, errors }: PublicResult): OperationOutcome {
  if (errors === undefined) return 'ok';
  if (data !== undefined && data !== null) return 'partial';
  return codeOf(errors[0]) === 'CLIENT_CLOSED_REQUEST' ? 'canceled' : 'failed';
}

/** Of the table of errors, whatever an error may say of itself. */
function codeOf(error: unknown): string {
  const code = (error as { extensions?: { code?: unknown } } | undefined)?.extensions?.code;
  return isErrorCode(code) ? code : 'INTERNAL_SERVER_ERROR';
}
