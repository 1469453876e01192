import { isJsonObject, type JsonObject, listMember, member, textMember } from './json-object.ts';
import { createReferences } from './references.ts';
import { createParameterConverter, type ParameterConverter, type SwaggerParameters } from './swagger2-parameters.ts';

interface Conversion {
  readonly root: JsonObject;
  readonly resolve: (node: unknown) => unknown;
  readonly parametersOf: ParameterConverter;
}

/**
 * A Swagger 2.0 document in the shape of OpenAPI 3.0. Schemas stay the objects they are: what differs in them — type
 * `file`, `x-nullable`, `discriminator` as a string — the schema reader knows. References to `#/definitions` hold, as
 * the definitions stay where they were as well.
 */
export function convertSwagger(root: JsonObject): JsonObject {
  const { resolve } = createReferences(root);
  // What leads nowhere stays as it is, and is told when it is needed.
  const resolved = (node: unknown): unknown => {
    try {
      return resolve(node).value;
    } catch {
      return node;
    }
  };
  const paths = member(root, 'paths');
  const conversion: Conversion = { root, resolve: resolved, parametersOf: createParameterConverter(resolved) };
  const convertItem = (raw: unknown) => convertPathItem(resolved(raw), conversion);
  return {
    ...root,
    paths: isJsonObject(paths) ? mapValues(paths, convertItem) : paths,
    components: {
      schemas: member(root, 'definitions') ?? {},
      securitySchemes: mapValues(member(root, 'securityDefinitions'), convertSecurityScheme),
    },
  };
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];

function convertPathItem(item: unknown, conversion: Conversion): unknown {
  if (!isJsonObject(item)) return item;
  const shared = conversion.parametersOf(listMember(item, 'parameters'));
  const converted = mapValues(item, (value, key) =>
    METHODS.includes(key) && isJsonObject(value) ? convertOperation(value, shared, conversion) : value,
  );
  return { ...converted, parameters: shared.parameters };
}

function convertOperation(operation: JsonObject, shared: SwaggerParameters, conversion: Conversion): JsonObject {
  const { root, resolve } = conversion;
  const own = conversion.parametersOf(listMember(operation, 'parameters'));
  const consumes = mediaTypes(operation, root, 'consumes');
  const produces = mediaTypes(operation, root, 'produces');
  const body = own.body ?? (own.form.length > 0 ? undefined : shared.body);
  const form = [...shared.form.filter(({ name }) => own.form.every((other) => other.name !== name)), ...own.form];
  const requestBody = body === undefined ? formBody(form, consumes) : jsonBody(body, consumes);
  return {
    ...operation,
    parameters: own.parameters,
    ...(requestBody && { requestBody }),
    responses: mapValues(member(operation, 'responses'), (raw) => convertResponse(resolve(raw), produces)),
  };
}

function jsonBody(parameter: JsonObject, consumes: readonly string[]): JsonObject {
  const media = { schema: member(parameter, 'schema') };
  const types = consumes.filter((type) => !/^(?:multipart\/form-data|application\/x-www-form-urlencoded)/i.test(type));
  return {
    description: member(parameter, 'description'),
    required: member(parameter, 'required') === true,
    content: Object.fromEntries((types.length === 0 ? ['application/json'] : types).map((type) => [type, media])),
  };
}

function formBody(form: SwaggerParameters['form'], consumes: readonly string[]): JsonObject | undefined {
  if (form.length === 0) return undefined;
  const multipart = form.some(({ isFile }) => isFile) || consumes.some((type) => /^multipart\//i.test(type));
  const schema = {
    type: 'object',
    properties: Object.fromEntries(form.map(({ name, schema: own }) => [name, own])),
    required: form.filter(({ required }) => required).map(({ name }) => name),
  };
  const encoding = Object.fromEntries(form.flatMap(({ name, style }) => (style === undefined ? [] : [[name, style]])));
  return {
    required: schema.required.length > 0,
    content: { [multipart ? 'multipart/form-data' : 'application/x-www-form-urlencoded']: { schema, encoding } },
  };
}

function convertResponse(response: unknown, produces: readonly string[]): unknown {
  if (!isJsonObject(response)) return response;
  const schema = member(response, 'schema');
  const types = produces.length === 0 ? ['application/json'] : produces;
  const isFile = textMember(schema, 'type') === 'file';
  const media = { schema: isFile ? { type: 'string', format: 'binary' } : schema };
  return {
    ...response,
    headers: mapValues(member(response, 'headers'), (header) =>
      isJsonObject(header) ? { description: member(header, 'description'), schema: header } : header,
    ),
    ...(schema !== undefined && { content: Object.fromEntries(types.map((type) => [type, media])) }),
  };
}

function mediaTypes(operation: JsonObject, root: JsonObject, key: 'consumes' | 'produces'): string[] {
  const own = member(operation, key);
  const types = Array.isArray(own) ? own : listMember(root, key);
  return types.filter((type) => typeof type === 'string');
}

function convertSecurityScheme(scheme: unknown): unknown {
  const type = textMember(scheme, 'type');
  if (type === 'basic') return { type: 'http', scheme: 'basic', description: member(scheme, 'description') };
  if (type === 'oauth2') return { type: 'oauth2', flows: {}, description: member(scheme, 'description') };
  return scheme;
}

function mapValues(object: unknown, convert: (value: unknown, key: string) => unknown): JsonObject {
  if (!isJsonObject(object)) return {};
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, convert(value, key)]));
}
