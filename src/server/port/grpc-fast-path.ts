/**
 * Serves plain unary gRPC calls over HTTP/2 without the streams of streams that Connect makes for every call. Parsing,
 * compression, interceptors and implementations are Connect's own functions; a call that is not plain goes to Connect's
 * handlers.
 */
import type { ConnectRouterOptions, HandlerContext, MethodImplSpec } from '@connectrpc/connect';
import {
  createMethodSerializationLookup,
  type EnvelopedMessage,
  encodeEnvelope,
  envelopeCompress,
  envelopeDecompress,
  invokeUnaryImplementation,
  validateReadWriteMaxBytes,
} from '@connectrpc/connect/protocol';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { requestBytesKey } from '../admission/request-memory.ts';
import { sendFailure, sendFrame } from './http2-answer.ts';
import { abortOnClose, type Http2Call } from './http2-exchange.ts';
import { parseInSlices, serializeInSlices } from './large-messages.ts';
import { readOnlyFrame } from './only-frame.ts';
import { connectErrorOf, contextOf, type PlainCall, plainCallOf, timedOut } from './plain-call.ts';

export type UnarySpec = Extract<MethodImplSpec, { kind: 'unary' }>;

/** The options of the router that serves the other calls of the same methods. */
export interface FastPathOptions extends ConnectRouterOptions {
  /** Runs when the headers have arrived; does not throw. */
  readonly requestGate: (context: HandlerContext) => void;
}

export interface GrpcFastPath {
  /**
   * undefined when the headers are not those of a plain call. Else resolves when the call is answered or its caller is
   * gone, or, before anything was answered, with a body that Connect's handler has to read.
   */
  serve(call: Http2Call): Promise<AsyncIterable<Uint8Array> | undefined> | undefined;
}

/** Serves the methods of `specs`, by path. */
export function createGrpcFastPath(
  specs: ReadonlyMap<string, UnarySpec>,
  options: FastPathOptions,
): GrpcFastPath {
  const { acceptCompression = [] } = options;
  const limits = validateReadWriteMaxBytes(
    options.readMaxBytes,
    options.writeMaxBytes,
    options.compressMinBytes,
  );
  const methods = new Map([...specs].map(([path, spec]) => [path, createMethod(spec, options, limits)]));

  async function serve(call: Http2Call, plain: PlainCall, { spec, run }: Method) {
    const { stream, answerHeaders } = call;
    const controller = new AbortController();
    const context = contextOf(call, spec.method, plain, controller.signal);
    const { responseHeader, responseTrailer } = context;
    const timer = startTimer(() => controller.abort(timedOut()), plain.timeoutMs);
    const stopWatching = abortOnClose(stream, controller);
    const stop = () => {
      clearTimeout(timer);
      stopWatching();
    };
    stream.once('close', stop);
    options.requestGate(context);

    const body = await readOnlyFrame(stream, limits.readMaxBytes);
    if (body.kind === 'other') {
      stop();
      return body.bytes;
    }
    try {
      const frame = await run(context, body.frame, plain);
      await sendFrame(call, responseHeader, responseTrailer, frame);
    } catch (error) {
      controller.abort(error);
      setTrailerStatus(responseTrailer, connectErrorOf(error));
      sendFailure(stream, responseHeader, responseTrailer, answerHeaders);
    }
    stop();
    return undefined;
  }

  return {
    serve(call) {
      const method = methods.get(`${call.headers[':path']}`);
      const plain = method && plainCallOf(call.headers, acceptCompression);
      return plain && serve(call, plain, method);
    },
  };
}

type Method = ReturnType<typeof createMethod>;

function createMethod(
  spec: UnarySpec,
  { binaryOptions, interceptors = [] }: FastPathOptions,
  limits: ReturnType<typeof validateReadWriteMaxBytes>,
) {
  const serialization = createMethodSerializationLookup(spec.method, binaryOptions, undefined, limits);
  const input = serialization.getI(true);
  const output = serialization.getO(true);
  return {
    spec,
    /** The frame of the answer. */
    async run(context: HandlerContext, frame: EnvelopedMessage, { request, response }: PlainCall) {
      const { data } = await envelopeDecompress(frame, request, limits.readMaxBytes);
      context.values.set(requestBytesKey, data.length);
      const received = await parseInSlices(spec.method.input, data, input.parse);
      const message = await invokeUnaryImplementation(spec, context, received, interceptors);
      const answer = {
        flags: 0,
        data: await serializeInSlices(spec.method.output, message, output.serialize),
      };
      const sent = await envelopeCompress(answer, response, limits.compressMinBytes);
      return encodeEnvelope(sent.flags, sent.data);
    },
  };
}

function startTimer(run: () => void, timeoutMs: number | undefined): NodeJS.Timeout | undefined {
  return timeoutMs === undefined ? undefined : setTimeout(run, timeoutMs);
}
