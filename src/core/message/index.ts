export {
  type AddressDefect,
  type AddressList,
  addressLimits,
  type Mailbox,
  parseAddressList,
} from "./address.ts";
export type {
  AuthResDefect,
  AuthResProperty,
  AuthResUnparsable,
  MethodResult,
  ParsedAuthRes,
} from "./authres.ts";
export { type AuthResFormatOptions, formatAuthenticationResults } from "./authres-format.ts";
export { parseAuthenticationResults } from "./authres-parse.ts";
export { HeadBuilder } from "./head-builder.ts";
export {
  type Field,
  fieldsNamed,
  headLimits,
  type MessageHead,
  parseHead,
  rawValue,
} from "./message.ts";
export { MessageReader, type MessageSink } from "./message-reader.ts";
export { parseTagList, type Tag, type TagList, type TagListProblem, tagValue } from "./taglist.ts";
