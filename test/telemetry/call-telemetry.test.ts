/** Calls as traces and metrics: what collectors and Prometheus get to see. */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { startObservedService } from './observed-service.ts';
import { attributesOf } from './otlp-collector.ts';

const LIST_USERS = 'progression.v1.UserService/ListUsers';
const GET_USER = 'progression.v1.UserService/GetUser';
const UNKNOWN_USER = '0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12';
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

describe('a trace', () => {
  test('has a server span for each call, with the status of the call', async () => {
    const service = await startObservedService();
    await service.call(LIST_USERS, {});
    await service.call(GET_USER, { userId: UNKNOWN_USER });
    await createClient(UserService, createGrpcTransport({ baseUrl: service.url })).listUsers({});
    await service.close();

    expect(service.collector.calls()).toHaveLength(3);
    const [answered, refused, grpc] = service.collector.calls();
    expect(answered).toMatchObject({ name: LIST_USERS, kind: 2, status: { code: 0 } });
    expect(attributesOf(answered ?? expect.unreachable())).toEqual({
      'rpc.system.name': 'connectrpc',
      'rpc.method': LIST_USERS,
      'rpc.status_code': 'OK',
    });
    expect(refused).toMatchObject({ name: GET_USER, status: { code: 0 } });
    expect(attributesOf(refused ?? expect.unreachable())).toEqual({
      'rpc.system.name': 'connectrpc',
      'rpc.method': GET_USER,
      'rpc.status_code': 'NOT_FOUND',
      'error.type': 'USER_NOT_FOUND',
    });
    expect(attributesOf(grpc ?? expect.unreachable())).toMatchObject({ 'rpc.system.name': 'grpc' });
    expect(Number(answered?.endTimeUnixNano)).toBeGreaterThan(Number(answered?.startTimeUnixNano));
  });

  test('continues the caller’s trace', async () => {
    const service = await startObservedService();
    await service.call(LIST_USERS, {}, { traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` });
    await service.close();

    expect(service.collector.calls()).toMatchObject([{ traceId: TRACE_ID, parentSpanId: SPAN_ID }]);
    expect(service.logged.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'call', traceId: TRACE_ID },
    ]);
  });

  test('starts at the service when the caller has none, and the log has its id', async () => {
    const service = await startObservedService();
    await service.call(LIST_USERS, {});
    await service.close();

    const [span] = service.collector.calls();
    expect(span?.parentSpanId).toBeFalsy();
    expect(JSON.parse(service.logged[0] ?? '')).toMatchObject({ traceId: span?.traceId });
  });

  test('that the caller does not record is not recorded here', async () => {
    const service = await startObservedService();
    await service.call(LIST_USERS, {}, { traceparent: `00-${TRACE_ID}-${SPAN_ID}-00` });
    await service.close();

    expect(service.collector.spans()).toEqual([]);
    expect(JSON.parse(service.logged[0] ?? '')).toMatchObject({ traceId: TRACE_ID });
  });

  test('marks a failure of the server as an error', async () => {
    const service = await startObservedService();
    await sql`drop table users cascade`.execute(service.database.orm.em.fork().getKysely());
    await service.call(LIST_USERS, {});
    await service.close();

    expect(service.collector.calls()).toMatchObject([{ status: { code: 2 } }]);
  });
});

describe('metrics', () => {
  test('count calls by method and status, and failures by reason', async () => {
    const service = await startObservedService();
    await service.call(LIST_USERS, {});
    await service.call(LIST_USERS, {});
    await service.call(GET_USER, { userId: UNKNOWN_USER });
    await service.call(GET_USER, '{');

    const lines = (await service.scrape()).split('\n');
    const count = (method: string, status: string) =>
      `rpc_server_call_duration_seconds_count{rpc_system_name="connectrpc",rpc_method="${method}",rpc_status_code="${status}"}`;
    expect(lines).toContain(`${count(LIST_USERS, 'OK')} 2`);
    expect(lines).toContain(`${count(GET_USER, 'NOT_FOUND')} 1`);
    expect(lines).toContain(`${count(GET_USER, 'INVALID_ARGUMENT')} 1`);
    const failed = (reason: string) =>
      `progression_calls_failed_total{rpc_method="${GET_USER}",reason="${reason}"} 1`;
    expect(lines).toContain(failed('USER_NOT_FOUND'));
    expect(lines).toContain(failed('VALIDATION_FAILED'));
  });

  test('are sent to the collector as well', async () => {
    const service = await startObservedService();
    await service.call(LIST_USERS, {});
    await service.close();

    expect(service.collector.metricNames()).toEqual(
      expect.arrayContaining(['rpc.server.call.duration', 'process.cpu.time', 'db.client.connection.count']),
    );
  });
});
