/** Completes a session of a demo athlete: node complete-session.mjs http://localhost:8080 */
import { hasReason, newRequestId, withRequestId } from 'progression-client';
import { createNodeClient } from 'progression-client/node';

const DEMO_NOVICE = '38807cda-b5b8-5140-9f25-fc8d1f97f6b9';
const SQUAT = '99837dea-e8ad-5782-aceb-7d636a8fd9c0';

const client = createNodeClient({ baseUrl: process.argv[2] ?? 'http://localhost:8080' });
const session = {
  sessionId: newRequestId(),
  daySlug: 'day-a',
  weekNumber: 1,
  liftsPerformed: [SQUAT],
};
// Made once, when the session ends, and kept with it until there is an answer: then a retry cannot double it.
const requestId = newRequestId();
try {
  const { outcome } = await client.progressions.handleSessionComplete(
    { userId: DEMO_NOVICE, session },
    withRequestId(requestId),
  );
  for (const { previousValue, newValue } of outcome?.results.filter(({ applied }) => applied) ?? []) {
    console.log(`squat: ${previousValue} -> ${newValue}`);
  }
} catch (error) {
  if (!hasReason(error, 'NOT_ENROLLED')) {
    throw error;
  }
  console.error('the athlete follows no program');
}
