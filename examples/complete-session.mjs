/** Completes a session of a demo athlete: node complete-session.mjs HOST:PORT, without any generated code. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { credentials, loadPackageDefinition, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const DEMO_NOVICE = '38807cda-b5b8-5140-9f25-fc8d1f97f6b9';
const SQUAT = '99837dea-e8ad-5782-aceb-7d636a8fd9c0';

const files = [
  'progression/v1/progression_service.proto',
  'google/rpc/error_details.proto',
  'google/rpc/status.proto',
];
const types = loadSync(files, {
  includeDirs: ['proto'],
  keepCase: true,
  enums: String,
  longs: Number,
  defaults: true,
});
const { ProgressionService } = loadPackageDefinition(types).progression.v1;
const client = new ProgressionService(process.argv[2], credentials.createInsecure(), {
  'grpc.service_config': readFileSync('proto/progression/v1/service_config.json', 'utf8'),
});

/** The error details of a failed call, by the names of their types. */
function detailsOf(error) {
  const [trailer] = error.metadata.get('grpc-status-details-bin');
  const details = trailer ? types['google.rpc.Status'].deserialize(trailer).details : [];
  return Object.fromEntries(
    details.map(({ type_url, value }) => {
      const name = type_url.replace('type.googleapis.com/', '');
      return [name.replace('google.rpc.', ''), types[name].deserialize(value)];
    }),
  );
}

// Made once, when the session ends, and kept with it until there is an answer: then a retry cannot double it.
const metadata = Metadata.fromHttp2Headers({ 'idempotency-key': randomUUID() });
const request = {
  user_id: DEMO_NOVICE,
  session: { session_id: randomUUID(), day_slug: 'day-a', week_number: 1, lifts_performed: [SQUAT] },
};
client.HandleSessionComplete(request, metadata, { deadline: Date.now() + 5_000 }, (error, answer) => {
  if (error) {
    console.error(`${status[error.code]} ${detailsOf(error).ErrorInfo?.reason}: ${error.details}`);
    process.exitCode = 1;
  } else {
    for (const { previous_value, new_value } of answer.outcome.results.filter(({ applied }) => applied)) {
      console.log(`squat: ${previous_value} -> ${new_value}`);
    }
  }
  client.close();
});
