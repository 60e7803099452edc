/** What generated code tells the runtime about interfaces and procedures. */
import type { Reader } from '../marshalling/reader.js';
import type { Writer } from '../marshalling/writer.js';
import type { Certificate } from '../platform/tls.js';
import type { DeclaredError } from './errors.js';
import type { Metadata } from './metadata.js';

export type { Metadata };

/**
 * What a procedure promises: `maybe` sends once and asks no more, `at-least-once` sends until answered and may
 * execute again, `at-most-once` sends until answered and never executes again.
 */
export type Semantics = 'maybe' | 'at-least-once' | 'at-most-once';

/** Which sides of a call are streams of items: neither, the results, the arguments, or both. */
export type CallShape = 'unary' | 'server-stream' | 'client-stream' | 'bidi-stream';

/**
 * One procedure as one interface offers it: what it promises, and how its arguments and results are marshalled.
 *
 * `Arguments` is the tuple of the declared parameters but the stream, `Item` is what that stream carries, and `Result` is
 * the result or an item of the stream that is returned. The marshallers are generated and work on the bytes in place.
 */
export interface Procedure<
  Arguments extends readonly unknown[] = readonly never[],
  Result = unknown,
  Item = unknown,
> {
  /** The interface that is called: `bank.v1.Bank`. */
  readonly interface: string;
  /** The interface that declares the procedure, which may be a base of `interface`. */
  readonly declaredBy: string;
  /** Counted per declaring interface, 1 to 65535. */
  readonly id: number;
  /** As it is declared: `deposit`. */
  readonly name: string;
  /**
   * The procedure's name on the wire, as the high and the low 32 bits: the first eight bytes of the SHA-256 of
   * `interface/declaredBy/id`.
   */
  readonly key: readonly [high: number, low: number];
  /** What is promised of how often it is executed. */
  readonly semantics: Semantics;
  /** Which of its sides are streams. */
  readonly shape: CallShape;
  /** Declared to do no harm when it is executed again. */
  readonly idempotent: boolean;
  /** In milliseconds, where the caller gives none. */
  readonly deadline: number;
  /** How many parameters are declared; options and context stand at this index. */
  readonly arity: number;
  /** False when the procedure is `void`. */
  readonly hasResult: boolean;
  /** Those that it may throw; what else it throws becomes a `CallError`. */
  readonly errors: readonly DeclaredErrorDescription[];
  /** Throws a `MarshalError` on values that do not fit the declared types. */
  writeArguments(writer: Writer, values: Arguments): void;
  /** Throws a `MarshalError` on bytes or values that the schema does not allow. */
  readArguments(reader: Reader): Arguments;
  /** Marshals the result, or an item of the returned stream. Throws a `MarshalError` on one that does not fit. */
  writeResult(writer: Writer, value: Result): void;
  /** Throws a `MarshalError` on bytes or values that the schema does not allow. */
  readResult(reader: Reader): Result;
  /** Marshals what the caller streams; absent where it streams nothing. */
  readonly items?: ItemMarshalling<Item>;
}

/** How the items of a stream parameter are marshalled. */
export interface ItemMarshalling<Item> {
  /** Throws a `MarshalError` on an item that does not fit its declared type. */
  write(writer: Writer, item: Item): void;
  /** Throws a `MarshalError` on bytes or values that the schema does not allow. */
  read(reader: Reader): Item;
}

/** Whether the caller sends items. */
export function takesStream({ shape }: Pick<Procedure, 'shape'>): boolean {
  return shape === 'client-stream' || shape === 'bidi-stream';
}

/** Whether the result is a stream of items. */
export function returnsStream({ shape }: Pick<Procedure, 'shape'>): boolean {
  return shape === 'server-stream' || shape === 'bidi-stream';
}

/** A procedure whose types do not matter to who handles it. */
// biome-ignore lint/suspicious/noExplicitAny: the tuple is contravariant in one marshaller and covariant in the other
export type AnyProcedure = Procedure<any, any, any>;

/** How an error that a procedure throws is marshalled. */
export interface DeclaredErrorDescription {
  /** Module and name, by which the wire knows the error: `bank.v1.NoSuchAccount`. */
  readonly fullName: string;
  /** Marshals the declared fields. Throws a `MarshalError` where one does not fit. */
  writeData(writer: Writer, error: DeclaredError): void;
  /** A new instance of the error's class. */
  read(reader: Reader): DeclaredError;
}

/** An interface as `connect` and `implement` take it: the constant that the generated `index.ts` declares. */
export interface InterfaceDescription<Client, Service> {
  /** The interface's full name: `bank.v1.Bank`. */
  readonly name: string;
  /** The names of the interfaces that it extends, itself not included, nearest first. */
  readonly bases: readonly string[];
  /** The schema of the module that declares it. */
  readonly schema: ModuleSchema;
  /** Its own procedures and the inherited ones. */
  readonly procedures: readonly AnyProcedure[];
  /** Makes the client stub: an object whose methods marshal and call. */
  createClient(caller: Caller): Client;
  /** Makes the dispatcher that chooses the server stub's procedure for a request. */
  createDispatcher(service: Service): Dispatcher;
}

/** What a module declares, as text of the schema language: for reflection. */
export interface ModuleSchema {
  /** By which the texts of one compilation import each other: `bank.idl`. */
  readonly path: string;
  /** The schemas from which the text imports. A function, since modules may import each other. */
  imports(): readonly ModuleSchema[];
  /** The source. */
  readonly text: string;
}

/**
 * Under this key the type of a client stub maps the names of its procedures to the unions of the errors that they declare,
 * inherited procedures included; those that declare none are left out.
 *
 * TypeScript has no word for what a function throws, and whoever wraps a stub, as `safe` does, knows nothing but its type:
 * so the type tells. A symbol, because procedures may bear any name; and only declared, because no stub has such a
 * property.
 */
export declare const declaredErrors: unique symbol;

/** What a client stub stands on: the communication module of a channel. */
export interface Caller {
  /**
   * Calls a procedure.
   *
   * @returns its result; for a `maybe` procedure `undefined` when none arrived in time
   * @throws a declared error of the procedure, or a `CallError`
   */
  unary<Arguments extends readonly unknown[], Result>(
    procedure: Procedure<Arguments, Result>,
    values: Arguments,
    options: AnyCallOptions | undefined,
  ): Promise<Result>;
  /** Calls a procedure that returns a stream. Nothing is sent before its items are asked for. */
  serverStream<Arguments extends readonly unknown[], Result>(
    procedure: Procedure<Arguments, Result>,
    values: Arguments,
    options: CallOptions | undefined,
  ): ItemStream<Result>;
  /** Calls a procedure that takes a stream. */
  clientStream<Arguments extends readonly unknown[], Result, Item>(
    procedure: Procedure<Arguments, Result, Item>,
    values: Arguments,
    items: ItemSource<Item>,
    options: CallOptions | undefined,
  ): Promise<Result>;
  /** Calls a procedure that takes a stream and returns one. */
  bidiStream<Arguments extends readonly unknown[], Result, Item>(
    procedure: Procedure<Arguments, Result, Item>,
    values: Arguments,
    items: ItemSource<Item>,
    options: CallOptions | undefined,
  ): ItemStream<Result>;
}

/**
 * A stream as its consumer sees it: items in order, each once. It has one consumer, and what that does not take holds the
 * producer back. Who leaves a `for await` early cancels the rest.
 */
export interface ItemStream<Item> extends AsyncIterable<Item> {
  /** The items in batches, as they arrived together; for speed. Instead of the items one by one, not beside them. */
  batches(): AsyncIterable<readonly Item[]>;
}

/**
 * A stream as its producer gives it. It is asked for the next item only when there is room for it. One with `batches`, as
 * every stream that was received has, is taken by batches.
 */
export type ItemSource<Item> = Iterable<Item> | AsyncIterable<Item>;

/** The server's procedures of one interface, one entry each. */
export interface Dispatcher {
  /** The full name of the interface that is served: `bank.v1.Bank`. */
  readonly interface: string;
  /** The interface's own procedures and the inherited ones. */
  readonly entries: readonly DispatchEntry[];
}

/** One procedure that a server offers. */
export interface DispatchEntry {
  /** What it promises, and its marshallers. */
  readonly procedure: AnyProcedure;
  /**
   * The server stub: hands the arguments, the context, and the stream where the procedure takes one, to the service's own
   * procedure.
   */
  // biome-ignore lint/suspicious/noExplicitAny: generated per procedure, with its own types
  invoke(values: any, context: CallContext, items?: any): unknown;
}

/** What a caller may say of one call: the last argument of each method of a client stub. */
export interface CallOptions {
  /** In milliseconds from now; instead of the schema's. `Infinity`: none. */
  readonly deadline?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** Sent beside the arguments; `metadata` of the server's `CallContext`. */
  readonly metadata?: Metadata;
  /**
   * Told of what the server sent beside its answer, whether that was a result or an error: before the call ends, and once
   * at the most. Empty where the server sent nothing.
   */
  readonly onReply?: (metadata: Metadata, reply: ReplyDetails) => void;
  /**
   * How many copies of the request may be sent at the most; without it, as many as the deadline leaves time for. After
   * the last one only small probes ask for the reply.
   */
  readonly attempts?: number;
  /**
   * The call that this one serves: its deadline and its cancellation hold for this one too, and its trace
   * (`traceparent` and `tracestate` of its metadata) is handed on. `null`: none, not even the current one.
   */
  readonly parent?: CallContext | null;
  /** For at-least-once procedures alone: see `IdempotentCallOptions`. */
  readonly hedge?: never;
}

/** How an answer came about. */
export interface ReplyDetails {
  /** How many copies of the request were handed to a socket. */
  readonly attempts: number;
  /** Where the latest copy went: the server's address. `undefined` for `maybe` calls. */
  readonly peer: string | undefined;
}

/** Of procedures that may execute twice. */
export interface IdempotentCallOptions extends Omit<CallOptions, 'hedge'> {
  /** Makes the call at several servers, if the channel has them, and takes the first answer. */
  readonly hedge?: Hedge;
}

/** When a call that has no answer yet is made at another server too. */
export interface Hedge {
  /** After so many milliseconds, each time. */
  readonly after: number;
  /** At how many servers at the most, the first included; at least 2. */
  readonly copies: number;
}

/** What is handed to a `Caller`, which does not know the procedure's type. */
export type AnyCallOptions = CallOptions | IdempotentCallOptions;

/** What a procedure knows of the call that it executes; its last argument. */
export interface CallContext {
  /** The description of the procedure that is executed. */
  readonly procedure: AnyProcedure;
  /** Aborted when the caller cancels, gives up or disconnects, or when the deadline passes. */
  readonly signal: AbortSignal;
  /** On `clock.now()`'s scale, in milliseconds; `Infinity` when there is none. */
  readonly deadline: number;
  /** Milliseconds until the deadline, not below 0; `Infinity` when there is none. */
  readonly remaining: number;
  /** What the caller sent beside the arguments; empty where it sent nothing. */
  readonly metadata: Metadata;
  /**
   * What the caller gets beside the answer, whatever that is. May be set until the answer is given; the last one counts.
   * Setting it throws a `MarshalError` when a name or a value is not allowed or it is too large, and an `Error` when the
   * call was answered.
   */
  replyMetadata: Metadata;
  /** Who calls. */
  readonly peer: Peer;
  /** The client's id and the call's number: the same for all copies of a call, and for no other call. */
  readonly callId: string;
  /** Which copy of the request is being executed, from 1. */
  readonly attempt: number;
  /** The clock by which `deadline` is told. */
  readonly clock: {
    /** Milliseconds from an arbitrary start; never goes back. */
    now(): number;
  };
}

/** Who called. */
export interface Peer {
  /** The caller's transport address: `udp://127.0.0.1:41234`. */
  readonly address: string;
  /** The calling channel's id, 32 hexadecimal digits. */
  readonly clientId: string;
  /** Who has proved to call; absent where the transport or the client did not prove it. */
  readonly principal?: Principal;
}

/** Somebody who proved by a certificate who they are. A channel's calls and their history belong to one principal. */
export interface Principal {
  /** Tells one principal from another, and stays when the certificate is renewed. */
  readonly name: string;
  /** By which it was proved. */
  readonly certificate: Certificate;
}

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;
