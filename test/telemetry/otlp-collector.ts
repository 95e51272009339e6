/** A collector of OTLP over HTTP that keeps every request unchanged. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

interface Attribute {
  readonly key: string;
  readonly value: { stringValue?: string; intValue?: number };
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Attribute[];
  readonly links?: { traceId: string; spanId: string }[];
  readonly events?: unknown[];
  readonly status: { code?: number; message?: string };
}

const SERVER_KIND = 2;

export interface OtlpCollector {
  readonly url: string;
  /** Every request: its path, headers and body. */
  readonly received: { path: string; headers: string; body: string }[];
  spans(): Span[];
  /** The spans of calls. */
  calls(): Span[];
  /** What the spans say about the process, one record for each request. */
  resources(): Record<string, string | number | undefined>[];
  metricNames(): string[];
}

interface Traces {
  readonly resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: Span[] }[] }[];
}

interface Metrics {
  readonly resourceMetrics: { scopeMetrics: { metrics: { name: string }[] }[] }[];
}

/** Listens on a free port of the loopback interface until the test ends. */
export async function startCollector(): Promise<OtlpCollector> {
  const received: OtlpCollector['received'] = [];
  const server = createServer(async (request, response) => {
    const body =
      request.headers['content-encoding'] === 'gzip'
        ? gunzipSync(Buffer.concat(await request.toArray())).toString()
        : await text(request);
    received.push({ path: `${request.url}`, headers: JSON.stringify(request.headers), body });
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const bodies = (path: string) =>
    received.filter((request) => request.path === path).map(({ body }) => JSON.parse(body));
  const spans = () =>
    (bodies('/v1/traces') as Traces[]).flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    spans,
    calls: () => spans().filter(({ kind }) => kind === SERVER_KIND),
    resources: () =>
      (bodies('/v1/traces') as Traces[]).flatMap(({ resourceSpans }) =>
        resourceSpans.map(({ resource }) => attributesOf(resource)),
      ),
    metricNames: () =>
      (bodies('/v1/metrics') as Metrics[]).flatMap(({ resourceMetrics }) =>
        resourceMetrics.flatMap(({ scopeMetrics }) =>
          scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name)),
        ),
      ),
  };
}

/** The attributes of a span or a resource, as a record. */
export function attributesOf({
  attributes,
}: {
  readonly attributes: readonly Attribute[];
}): Record<string, string | number | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
}
