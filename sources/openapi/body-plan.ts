import { isJsonObject, member, textMember } from './json-object.ts';
import type { BodyContent } from './media.ts';
import { mediaKind } from './media-kind.ts';
import { explodeOf, styleMisfit } from './parameters.ts';
import { type Schema, type SchemaReader, UPLOAD_SCHEMA } from './schema.ts';
import type { Style, StyledName } from './styles.ts';
import type { GraphqlType, OnLoss, TypeBuilder } from './types.ts';
import { type WireType, wireType } from './wire-types.ts';

/** How the argument that is the body is sent. */
export interface BodyPlan {
  readonly argument: string;
  readonly kind: BodyContent['kind'];
  /** As the document has it; of bytes it may be a range such as `image/*`. */
  readonly mediaType: string;
  readonly type: WireType;
  /** Of forms: the properties that are not written as is usual. */
  readonly fields: readonly FieldPlan[];
}

export interface FieldPlan {
  readonly name: string;
  /** Written in this style. */
  readonly styled?: StyledName;
  /** Of a part: its own media types, or ranges of them. */
  readonly mediaTypes?: readonly string[];
}

export interface BodyType {
  readonly type: GraphqlType;
  readonly plan: Omit<BodyPlan, 'argument'>;
}

interface Deps {
  readonly schemas: SchemaReader;
  readonly types: TypeBuilder;
  readonly typeBase: string;
  readonly onLoss: OnLoss;
}

/** The type of the argument that is the body, and how it is sent. */
export function planBody(content: BodyContent, { schemas, types, typeBase, onLoss }: Deps): BodyType {
  const { kind, mediaType } = content;
  const finish = (type: GraphqlType, fields: readonly FieldPlan[] = []): BodyType => ({
    type,
    plan: { kind, mediaType, type: wireType(type), fields },
  });
  if (kind === 'text') return finish({ kind: 'scalar', name: 'String' });
  if (kind === 'binary') return finish({ kind: 'scalar', name: 'Upload' });
  const schema = schemas.read(content.schema);
  if (kind === 'json') return finish(types.input(schema, typeBase, onLoss));
  const fields = planFields(schema, content, schemas, (name, reason) => onLoss(`${typeBase}.${name}`, reason));
  const shown = kind === 'multipart' ? withUploads(schema, content.encoding, schemas) : schema;
  return finish(types.input(shown, typeBase, onLoss), fields);
}

function planFields(
  schema: Schema,
  { kind, encoding }: BodyContent,
  schemas: SchemaReader,
  onMisfit: (name: string, reason: string) => void,
): FieldPlan[] {
  if (!isJsonObject(encoding)) return [];
  return Object.entries(encoding).flatMap(([name, raw]): FieldPlan[] => {
    const isStyled = ['style', 'explode', 'allowReserved'].some((key) => member(raw, key) !== undefined);
    if (isStyled) {
      const style = FORM_STYLES.find((known) => known === (textMember(raw, 'style') ?? 'form'));
      if (style === undefined) {
        onMisfit(name, `the style "${textMember(raw, 'style')}" is not known`);
        return [];
      }
      const explode = explodeOf(raw, style);
      const misfit = styleMisfit(schemas.read(schema.properties.get(name)), schemas, style, explode);
      const allowReserved = member(raw, 'allowReserved') === true;
      if (misfit === undefined) return [{ name, styled: { name, style, explode, allowReserved } }];
      onMisfit(name, `${misfit}: it is sent as JSON`);
      return [];
    }
    const mediaTypes = (textMember(raw, 'contentType') ?? '').split(',').map((type) => type.trim());
    const usable = mediaTypes.filter((type) => MEDIA_TYPE.test(type));
    if (usable.length === 0) return [];
    if (kind === 'multipart') return [{ name, mediaTypes: usable }];
    const isJsonText = mediaKind(usable[0] ?? '') === 'json';
    return isJsonText ? [{ name, styled: { name, style: 'json', explode: false } }] : [];
  });
}

const FORM_STYLES: readonly Style[] = ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'];
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+(?:\s*;\s*[\w.-]+=[\w.-]+)*)$/;

/** The schema of a form with files where it says that bytes come. */
function withUploads(schema: Schema, encoding: unknown, schemas: SchemaReader): Schema {
  if (schema.kind !== 'object') return schema;
  let hasUpload = false;
  const properties: [string, unknown][] = [];
  for (const [name, raw] of schema.properties) {
    const contentType = textMember(member(encoding, name), 'contentType');
    const upload = asUpload(raw, contentType, schemas);
    if (upload !== undefined) hasUpload = true;
    properties.push([name, upload ?? raw]);
  }
  if (!hasUpload) return schema;
  return schemas.read({
    type: 'object',
    title: schema.title,
    description: schema.typeDescription,
    required: [...schema.required],
    properties: Object.fromEntries(properties),
  });
}

function asUpload(raw: unknown, contentType: string | undefined, schemas: SchemaReader): unknown {
  let schema: Schema;
  try {
    schema = schemas.read(raw);
    if (schema.kind === 'array') {
      const items = asUpload(schema.items, contentType, schemas);
      return items && { type: 'array', items, description: schema.description };
    }
  } catch {
    return undefined;
  }
  const isBytes = hasBytes(schema) || (contentType !== undefined && isOpen(schema) && hasByteTypes(contentType));
  if (!isBytes) return undefined;
  return { allOf: [UPLOAD_SCHEMA], description: schema.description, nullable: schema.nullable };
}

/** `format: binary` of 3.0; bytes of a media type of 3.1, unless they are written as text. */
function hasBytes({ kind, node }: Schema): boolean {
  if (kind !== 'string' && kind !== 'json') return false;
  if (member(node, 'format') === 'binary' || member(node, 'type') === 'file') return true;
  const mediaType = textMember(node, 'contentMediaType');
  return mediaType !== undefined && member(node, 'contentEncoding') === undefined && hasByteTypes(mediaType);
}

/** It may be bytes: a plain text, or anything. */
function isOpen({ kind, node, losses }: Schema): boolean {
  if (kind === 'string') return member(node, 'format') === undefined && member(node, 'contentEncoding') === undefined;
  return kind === 'json' && losses.length === 0 && member(node, 'type') === undefined;
}

function hasByteTypes(mediaTypes: string): boolean {
  return mediaTypes.split(',').some((type) => mediaKind(type.trim()) === 'binary');
}
