import { isJsonObject, type JsonObject, member, textMember } from './json-object.ts';

/** Parameters of Swagger 2.0 by what they are in OpenAPI 3: parameters, a body, or fields of a form. */
export interface SwaggerParameters {
  readonly parameters: readonly unknown[];
  readonly body: JsonObject | undefined;
  readonly form: readonly FormField[];
}

interface FormField {
  readonly name: string;
  readonly required: boolean;
  readonly isFile: boolean;
  readonly schema: JsonObject;
  /** How a list is written, where the document says so. */
  readonly style: JsonObject | undefined;
}

/** Keys that describe the parameter; what else there is describes its value. */
const PARAMETER_KEYS = new Set(['name', 'in', 'description', 'required', 'collectionFormat', 'allowEmptyValue']);

/** `tsv` has no name in OpenAPI 3: a parameter that has it is told to be unusable by the name given here. */
const STYLES: Readonly<Record<string, JsonObject>> = {
  csv: { style: 'form', explode: false },
  multi: { style: 'form', explode: true },
  ssv: { style: 'spaceDelimited', explode: false },
  pipes: { style: 'pipeDelimited', explode: false },
  tsv: { style: 'tabDelimited', explode: false },
};

export type ParameterConverter = (all: readonly unknown[]) => SwaggerParameters;

/** A parameter that many operations share is converted once: its schema stays one schema. */
export function createParameterConverter(resolve: (node: unknown) => unknown): ParameterConverter {
  const converted = new Map<JsonObject, JsonObject>();
  return (all) => {
    const parameters: unknown[] = [];
    const form: FormField[] = [];
    let body: JsonObject | undefined;
    for (const raw of all) {
      const parameter = resolve(raw);
      const place = textMember(parameter, 'in');
      if (!isJsonObject(parameter)) parameters.push(raw);
      else if (place === 'body') body = parameter;
      else if (place === 'formData') form.push(toFormField(parameter));
      else {
        const known = converted.get(parameter) ?? toParameter(parameter, place);
        converted.set(parameter, known);
        parameters.push(known);
      }
    }
    return { parameters, body, form };
  };
}

function toParameter(parameter: JsonObject, place: string | undefined): JsonObject {
  const isWritten = place === 'query' || textMember(parameter, 'collectionFormat') === 'tsv';
  return {
    name: member(parameter, 'name'),
    in: place,
    description: member(parameter, 'description'),
    required: member(parameter, 'required') === true,
    schema: schemaOf(parameter),
    ...(isWritten && styleOf(parameter)),
  };
}

function toFormField(parameter: JsonObject): FormField {
  const isFile = textMember(parameter, 'type') === 'file';
  const description = textMember(parameter, 'description');
  const schema = isFile ? { type: 'string', format: 'binary' } : schemaOf(parameter);
  return {
    name: textMember(parameter, 'name') ?? '',
    required: member(parameter, 'required') === true,
    isFile,
    schema: description === undefined ? schema : { ...schema, description },
    style: styleOf(parameter),
  };
}

function styleOf(parameter: JsonObject): JsonObject | undefined {
  if (textMember(parameter, 'type') !== 'array') return undefined;
  const format = textMember(parameter, 'collectionFormat') ?? 'csv';
  return Object.hasOwn(STYLES, format) ? STYLES[format] : { style: format, explode: false };
}

function schemaOf(parameter: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(parameter).filter(([key]) => !PARAMETER_KEYS.has(key)));
}
