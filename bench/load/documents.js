// Documents of a given number of operations, as large companies have them: many types that refer to each other, texts.
const WORDS = ['account', 'order', 'invoice', 'shipment', 'ticket', 'device', 'policy', 'contract', 'branch', 'report'];
const word = (i) => `${WORDS[i % WORDS.length]}${Math.floor(i / WORDS.length)}`;
const pascal = (name) => name.replace(/^./, (letter) => letter.toUpperCase());
const text = (i) =>
  `Tells what is known of ${word(i)}, as the department that keeps it has entered it. Some of it may be old.`;
const FIELDS = 9;

export function openapiDocument(operations) {
  const paths = {};
  const schemas = {};
  for (let i = 0; i < operations; i += 2) {
    const name = word(i);
    const ref = { $ref: `#/components/schemas/${pascal(name)}` };
    const properties = {
      id: { type: 'string' },
      next: { $ref: `#/components/schemas/${pascal(word((i + 2) % operations))}` },
    };
    for (let field = 0; field < FIELDS; field += 1)
      properties[`${name}_field-${field}`] = { type: field % 2 ? 'string' : 'integer', description: text(i + field) };
    properties.state = { type: 'string', enum: ['open', 'in-progress', 'done'] };
    schemas[pascal(name)] = { type: 'object', description: text(i), required: ['id'], properties };
    paths[`/${name}/{id}`] = {
      get: {
        operationId: `${name}/get`,
        description: text(i),
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
          { name: 'page', in: 'query', description: text(i), schema: { type: 'integer', default: 1 } },
        ],
        responses: { 200: { description: 'ok', content: { 'application/json': { schema: ref } } } },
      },
      put: {
        operationId: `${name}/replace`,
        description: text(i),
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        requestBody: { content: { 'application/json': { schema: ref } } },
        responses: { 200: { description: 'ok', content: { 'application/json': { schema: ref } } } },
      },
    };
  }
  return JSON.stringify({ openapi: '3.0.3', info: { title: 'Large', version: '1' }, paths, components: { schemas } });
}

function sdlTypes(operations) {
  const types = [];
  for (let i = 0; i < operations; i += 2) {
    const name = pascal(word(i));
    const fields = Array.from(
      { length: FIELDS },
      (_, field) => `  "${text(i + field)}"\n  field${field}: ${field % 2 ? 'String' : 'Int'}`,
    );
    types.push(
      `"""${text(i)}"""\ntype ${name} KEY {\n  id: ID!\n  next: ${pascal(word((i + 2) % operations))}\n${fields.join('\n')}\n  state: ${name}State\n}`,
    );
    types.push(`enum ${name}State { OPEN IN_PROGRESS DONE }`);
    types.push(`input ${name}Input {\n  id: ID!\n${fields.join('\n')}\n  state: ${name}State\n}`);
  }
  return types.join('\n');
}

export function graphqlDocument(operations, key = '') {
  const query = [];
  const mutation = [];
  for (let i = 0; i < operations; i += 2) {
    query.push(`  "${text(i)}"\n  ${word(i)}(id: ID!, page: Int = 1): ${pascal(word(i))}`);
    mutation.push(`  "${text(i)}"\n  replace${pascal(word(i))}(input: ${pascal(word(i))}Input!): ${pascal(word(i))}`);
  }
  return `type Query {\n${query.join('\n')}\n}\ntype Mutation {\n${mutation.join('\n')}\n}\n${sdlTypes(operations).replaceAll(' KEY', key)}`;
}

export function federationDocument(operations) {
  const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';
  return link + graphqlDocument(operations, ' @key(fields: "id")');
}

export function protoDocument(operations) {
  const methods = [];
  const messages = [];
  for (let i = 0; i < operations; i += 1) {
    const name = pascal(word(i));
    methods.push(`  // ${text(i)}\n  rpc Get${name}(Get${name}Request) returns (${name});`);
    const fields = Array.from(
      { length: FIELDS },
      (_, field) => `  // ${text(i)}\n  ${field % 2 ? 'string' : 'int64'} field_${field} = ${field + 3};`,
    );
    messages.push(
      `message Get${name}Request { string id = 1; }\nmessage ${name} {\n  string id = 1;\n  ${pascal(word((i + 1) % operations))} next = 2;\n${fields.join('\n')}\n}`,
    );
  }
  return `syntax = "proto3";\npackage large;\nservice Large {\n${methods.join('\n')}\n}\n${messages.join('\n')}\n`;
}

export function wsdlDocument(operations, address) {
  const elements = [];
  const messages = [];
  const port = [];
  const binding = [];
  for (let i = 0; i < operations; i += 1) {
    const name = pascal(word(i));
    const fields = Array.from(
      { length: FIELDS },
      (_, field) => `<xs:element name="field${field}" type="xs:${field % 2 ? 'string' : 'int'}"/>`,
    );
    elements.push(`<xs:complexType name="${name}"><xs:sequence>${fields.join('')}</xs:sequence></xs:complexType>
<xs:element name="Get${name}"><xs:complexType><xs:sequence><xs:element name="id" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
<xs:element name="Get${name}Response"><xs:complexType><xs:sequence><xs:element name="result" type="t:${name}"/></xs:sequence></xs:complexType></xs:element>`);
    messages.push(
      `<message name="Get${name}In"><part name="p" element="t:Get${name}"/></message><message name="Get${name}Out"><part name="p" element="t:Get${name}Response"/></message>`,
    );
    port.push(
      `<operation name="Get${name}"><documentation>${text(i)}</documentation><input message="t:Get${name}In"/><output message="t:Get${name}Out"/></operation>`,
    );
    binding.push(
      `<operation name="Get${name}"><soap:operation soapAction=""/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>`,
    );
  }
  return `<?xml version="1.0"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:large" targetNamespace="urn:large">
<types><xs:schema targetNamespace="urn:large" elementFormDefault="qualified">${elements.join('\n')}</xs:schema></types>
${messages.join('\n')}
<portType name="Large">${port.join('\n')}</portType>
<binding name="LargeBinding" type="t:Large"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>${binding.join('\n')}</binding>
<service name="Large"><port name="Large" binding="t:LargeBinding"><soap:address location="${address}"/></port></service>
</definitions>`;
}
