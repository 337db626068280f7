// What the protos say, from the short text that they are built into (protos.ts beside the build's own settings, which
// says how it is written). It is a third of what is generated, and spares the descriptor of descriptors.

import { createFileRegistry } from '@bufbuild/protobuf';

import type { DescFile } from '@bufbuild/protobuf';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';

interface Message {
  name: string;
  field: object[];
  nestedType: Message[];
  enumType: object[];
  extension: [];
  oneofDecl: { name: string }[];
  options?: { mapEntry: true };
}

// A file's descriptor. There is nothing but functions here: the protos may be read before this file's own turn has come.
export function fileOf(text: string, imports: DescFile[] = []): DescFile {
  const [head = '', ...lines] = text.split('\n');
  const [path = '', ...packages] = head.split(' ');
  const typeName = (said: string) => `.${packages[parseInt(said) || 0]}.${said.replace(/^\d+/, '')}`;
  const root = { messageType: [] as Message[], enumType: [] as object[] };
  const service: object[] = [];
  // The messages that what follows is within.
  const around: Message[] = [];
  for (const line of lines) {
    const [, deep = '', kind, name = '', rest = ''] = /^(>*)([#@%]?)(\w+) ?(.*)$/.exec(line) ?? [];
    const words = rest.split(' ').filter(Boolean);
    const parent = around[deep.length - 1];
    if (kind === '@') service.push({ name, method: words.map((word) => methodOf(word, typeName)) });
    else if (kind === '#') (parent ?? root).enumType.push({ name, value: valuesOf(name, words) });
    else {
      const message: Message = { name, field: [], nestedType: [], enumType: [], extension: [], oneofDecl: [] };
      if (kind === '%') message.options = { mapEntry: true };
      let number = 0;
      for (const word of words) message.field.push(fieldOf(word, (number = Number(/=(\d+)/.exec(word)?.[1] ?? number + 1)), message.oneofDecl, typeName));
      (parent?.nestedType ?? root.messageType).push(message);
      around[deep.length] = message;
    }
  }
  const proto = {
    $typeName: 'google.protobuf.FileDescriptorProto', name: `${path.startsWith('/') ? path.slice(1) : `${packages[0]?.replaceAll('.', '/')}/${path}`}.proto`, package: packages[0], syntax: 'proto3',
    dependency: imports.map((one) => one.proto.name), extension: [], service, ...root,
  };
  const registry = createFileRegistry(proto as unknown as FileDescriptorProto, (wanted) => imports.find((one) => one.proto.name === wanted));
  return registry.getFile(proto.name) as DescFile;
}

function fieldOf(word: string, number: number, oneofDecl: { name: string }[], typeName: (said: string) => string): object {
  const [, how, name = '', kind, said = '', oneof] = /^([*?]?)(\w+)(?:([:#])([\w.]+))?(?:=\d+)?(?:\|(\w+))?$/.exec(word) ?? [];
  const isScalar = kind === ':' && /^[a-z]$/.test(said);
  const field = {
    name, number, label: how === '*' ? 3 : 1, proto3Optional: how === '?',
    jsonName: name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
    type: kind === '#' ? 14 : !kind ? 9 : isScalar ? said.charCodeAt(0) - 96 : 11,
    typeName: kind && !isScalar ? typeName(said) : '',
  };
  if (!oneof) return field;
  let oneofIndex = oneofDecl.findIndex((one) => one.name === oneof);
  if (oneofIndex < 0) oneofIndex = oneofDecl.push({ name: oneof }) - 1;
  return { ...field, oneofIndex };
}

function valuesOf(name: string, words: string[]): object[] {
  const prefix = `${name.charAt(0)}${name.slice(1).replace(/[A-Z]/g, '_$&')}_`.toUpperCase();
  let number = -1;
  return words.map((word) => {
    const [, whole, value = '', at] = /^(!?)(\w+)(?:=(\d+))?$/.exec(word) ?? [];
    number = Number(at ?? number + 1);
    return { name: whole ? value : prefix + value, number };
  });
}

function methodOf(word: string, typeName: (said: string) => string): object {
  const [, name = '', stream, input, output] = /^(\w+)(~?)(?::([\w.]+):([\w.]+))?$/.exec(word) ?? [];
  return {
    name, clientStreaming: false, serverStreaming: stream === '~',
    inputType: typeName(input ?? `${name}Request`), outputType: typeName(output ?? `${name}Response`),
  };
}
