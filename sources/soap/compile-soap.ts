import type { Problem } from '../../kernel/problem.ts';
import { choosePort } from './choose-port.ts';
import { type DraftOperation, draftOperation } from './draft-operation.ts';
import { createFindings, type Findings } from './findings.ts';
import type { SoapDocument } from './load-documents.ts';
import { nameOperations } from './name-operations.ts';
import type { SoapOptions } from './options.ts';
import { type CompiledSoap, isUnspeakable } from './plan.ts';
import { defineBodies, planOperation } from './plan-operation.ts';
import { planTypes } from './plan-types.ts';
import { printSdl } from './sdl.ts';
import { createTypeBuilder, TooLargeError } from './type-builder.ts';
import { readWsdl } from './wsdl.ts';
import { attempt, listOperations, noticeDemands } from './wsdl-operations.ts';

export interface SoapCompilation {
  /** Undefined when the document offers nothing; the problems say why. */
  readonly compiled: CompiledSoap | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Compiles a WSDL 1.1 with what it imports to plain data, without reading or calling anything: `documents` are as
 * `loadSoapDocuments` gives them, the WSDL first. What is wrong in them is a problem, what the graph cannot say a
 * notice; both name file and line, and the rest works.
 */
export function compileSoap(_name: string, options: SoapOptions, documents: readonly SoapDocument[]): SoapCompilation {
  const findings = createFindings();
  try {
    const compiled = compile(options, documents, findings);
    // Of a document that offers nothing, the reasons may be among the notices, which nobody would see.
    const problems = compiled === undefined ? [...findings.problems, ...findings.notices] : findings.problems;
    return { compiled, problems: inOrder(problems) };
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error;
    const file = documents[0]?.location;
    const problem: Problem = { message: `The document is too large. ${error.message}` };
    return {
      compiled: undefined,
      problems: [...findings.problems, file === undefined ? problem : { ...problem, file }],
    };
  }
}

function compile(
  options: SoapOptions,
  documents: readonly SoapDocument[],
  findings: Findings,
): CompiledSoap | undefined {
  const wsdl = readWsdl(documents, findings);
  if (wsdl === undefined) return undefined;
  const port = choosePort(wsdl, options.port, findings);
  if (port === undefined) return undefined;
  noticeDemands(wsdl, port.version, findings);

  // Types of all operations get names, so that a filter does not rename those of the rest.
  const builder = createTypeBuilder(wsdl.schemas, findings);
  const operations = listOperations(wsdl, port, findings).flatMap((operation) =>
    attempt(operation, operation.name, findings, () => draftOperation(operation, builder, findings)),
  );
  builder.finish();
  const bases = new Set([...builder.drafts.values()].map((draft) => draft.base));
  const bodies = new Map(operations.map((draft) => [draft, defineBodies(draft, bases, builder)]));
  const answered = operations.flatMap(({ output }) => output?.element?.type ?? []);
  const types = planTypes(builder, answered);
  for (const { id, hint, place } of builder.drafts.values()) {
    const plan = types.types.get(id);
    if (place === undefined || plan === undefined || bases.has(id) || !isUnspeakable(plan)) continue;
    findings.notice(place, `The type "${hint}" is abstract and nothing is derived from it; it is shown as JSON.`);
  }

  const sources = new Map<object, DraftOperation>();
  const plans = nameOperations(operations, port.tags, options, (problem) => findings.problems.push(problem)).flatMap(
    (named) => {
      const own = bodies.get(named.operation);
      if (own === undefined) return [];
      const plan = planOperation(named, own, types);
      sources.set(plan, named.operation);
      return [plan];
    },
  );
  if (plans.length === 0) {
    findings.problem(port.binding, 'The document has no operation that can be offered.');
    return undefined;
  }
  const printed = printSdl(plans, types, (plan) => sources.get(plan)?.source.description);
  return {
    ...printed,
    version: port.version,
    operations: plans,
    types: new Map([...types.types].map(([id, plan]) => [id, JSON.stringify(plan)])),
    notices: inOrder(findings.notices),
  };
}

/** As one reads the documents. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const files = new Map(problems.map(({ file }) => file).map((file, index) => [file, index]));
  return [...problems].sort(
    (a, b) => (files.get(a.file) ?? 0) - (files.get(b.file) ?? 0) || (a.line ?? 0) - (b.line ?? 0),
  );
}
