/** The calls of clients, chosen by a seed: those of a schedule service, coaches and publishers. */
import {
  create,
  type DescMethodUnary,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  EventService,
  PublishEventsRequestSchema,
  PublishOutcome,
} from '../../src/gen/automation/v1/event_service_pb.ts';
import { MaxType, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import {
  BatchHandleTriggersRequestSchema,
  type BatchTriggerSchema,
  CorrectSetsRequestSchema,
  HandleCycleCompleteRequestSchema,
  HandleSessionCompleteRequestSchema,
  HandleWeekAdvanceRequestSchema,
  LogSetsRequestSchema,
  ProgressionService,
  RevertEventRequestSchema,
  RevertProgressionRequestSchema,
  SetLiftMaxRequestSchema,
  TriggerProgressionRequestSchema,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import { INVITED_EVENT, PUBLISHED_EVENT, type TrainingAccount } from './populate-accounts.ts';
import { pickWeighted, type Random } from './seeded-random.ts';

/** One request under one request ID. */
export interface Item {
  readonly accountId: string;
  /** The method name in the ledger. */
  readonly method: string;
  readonly requestId: string;
  /** The bytes from which the ledger's fingerprint is computed. */
  readonly payload: Uint8Array;
}

/** The result of an item; RETRY means that it must be sent again. */
export type ItemAnswer =
  | { readonly kind: 'ANSWERED'; readonly response: Uint8Array }
  | { readonly kind: 'REFUSED'; readonly code: number; readonly message: string }
  | { readonly kind: 'RETRY' };

/** A call with its items: one item, or the items of a batch. */
export interface Call {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: Uint8Array;
  readonly items: readonly Item[];
  /** Reads the result of each item from a response with status 0. */
  readonly read: (body: Uint8Array) => ItemAnswer[];
}

const { method: PROGRESSION } = ProgressionService;

export const METHODS = {
  HandleSessionComplete: PROGRESSION.handleSessionComplete,
  HandleWeekAdvance: PROGRESSION.handleWeekAdvance,
  HandleCycleComplete: PROGRESSION.handleCycleComplete,
  LogSets: PROGRESSION.logSets,
  TriggerProgression: PROGRESSION.triggerProgression,
  RevertProgression: PROGRESSION.revertProgression,
  RevertEvent: PROGRESSION.revertEvent,
  CorrectSets: PROGRESSION.correctSets,
  SetLiftMax: PROGRESSION.setLiftMax,
} as const;

type MethodName = keyof typeof METHODS;

/** Builds a call of one item. */
export function toCall(item: Item): Call {
  const method = METHODS[item.method as MethodName];
  return {
    path: toPath(method),
    headers: { 'x-account-id': item.accountId, 'idempotency-key': item.requestId },
    message: item.payload,
    items: [item],
    read: (response) => [{ kind: 'ANSWERED', response }],
  };
}

function toPath(method: DescMethodUnary): string {
  return `/${method.parent.typeName}/${method.name}`;
}

type BatchEvent = NonNullable<MessageInitShape<typeof BatchTriggerSchema>['event']>;

const BATCH_CASES = {
  HandleSessionComplete: ['sessionComplete', HandleSessionCompleteRequestSchema],
  HandleWeekAdvance: ['weekAdvance', HandleWeekAdvanceRequestSchema],
  HandleCycleComplete: ['cycleComplete', HandleCycleCompleteRequestSchema],
  LogSets: ['logSets', LogSetsRequestSchema],
  TriggerProgression: ['triggerProgression', TriggerProgressionRequestSchema],
} as const;

/** Builds one batch call of items of one account. */
export function toBatchCall(items: readonly Item[], headerId: string): Call {
  const triggers = items.map(({ method, requestId, payload }) => {
    const [name, schema] = BATCH_CASES[method as keyof typeof BATCH_CASES];
    return { requestId, event: { case: name, value: fromBinary(schema, payload) } as BatchEvent };
  });
  const method = PROGRESSION.batchHandleTriggers;
  return {
    path: toPath(method),
    headers: { 'x-account-id': items[0]?.accountId ?? '', 'idempotency-key': headerId },
    message: toBinary(method.input, create(BatchHandleTriggersRequestSchema, { triggers })),
    items,
    read(body) {
      const { results } = fromBinary(method.output, body);
      return items.map((item, index): ItemAnswer => {
        const result = results[index]?.result;
        if (result?.case === 'error') {
          const { code, reason, message, retryable } = result.value;
          return retryable || isRetryable(code)
            ? { kind: 'RETRY' }
            : { kind: 'REFUSED', code, message: `${reason}: ${message}` };
        }
        const { output } = METHODS[item.method as MethodName];
        return { kind: 'ANSWERED', response: toBinary(output, result?.value as Message as never) };
      });
    },
  };
}

/** Builds a call of PublishEvents; event ids are the request IDs in the ledger. */
export function toPublishCall(items: readonly Item[], headerId: string): Call {
  const method = EventService.method.publishEvents;
  const events = items.flatMap(({ payload }) => fromBinary(method.input, payload).events);
  return {
    path: toPath(method),
    headers: { 'x-account-id': items[0]?.accountId ?? '', 'idempotency-key': headerId },
    message: toBinary(method.input, create(PublishEventsRequestSchema, { events })),
    items,
    read(body) {
      const { results } = fromBinary(method.output, body);
      return items.map((_, index): ItemAnswer => {
        const { outcome, error } = results[index] ?? {};
        if (outcome === PublishOutcome.ACCEPTED || outcome === PublishOutcome.DUPLICATE) {
          return { kind: 'ANSWERED', response: new Uint8Array() };
        }
        return error?.retryable
          ? { kind: 'RETRY' }
          : { kind: 'REFUSED', code: 0, message: `${error?.reason}: ${error?.message}` };
      });
    },
  };
}

/** CANCELLED, UNKNOWN of a proxy, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE. */
const RETRYABLE_CODES = new Set([1, 4, 8, 10, 14]);

/** Whether a call with this status may succeed when it is sent again. */
export function isRetryable(code: number): boolean {
  return RETRYABLE_CODES.has(code);
}

/** Makes items; their content depends on the seed and on recorded answers. */
export interface ItemMaker {
  /** Makes an item for a random athlete, or for the given one. */
  next(kind: ItemKind, userId?: string): Item;
  /** Picks an account and some of its athletes. */
  pickAthletes(count: number): readonly { readonly account: TrainingAccount; readonly userId: string }[];
  /** Records which applications can be reverted. */
  recordAnswer(item: Item, response: Uint8Array): void;
}

export type ItemKind =
  | 'session'
  | 'sets'
  | 'late'
  | 'week'
  | 'cycle'
  | 'manual'
  | 'revert'
  | 'undo'
  | 'correct'
  | 'max'
  | 'event'
  | 'invitation';

interface AthleteState {
  readonly account: TrainingAccount;
  readonly userId: string;
  week: number;
  cycle: number;
  /** Log ids of applications by sessions. */
  readonly revertible: string[];
  /** Sessions with logged sets that are not completed. */
  readonly openSessions: string[];
  /** Sessions that were completed after their sets, latest last. */
  readonly completedSessions: string[];
  /** Sets that were reported, latest last. */
  readonly sets: { sessionId: string; liftId: string; setNumber: number }[];
  /** The request IDs of reported events, latest last. */
  readonly events: string[];
  /** Set numbers of late sets, which count up so that they are new. */
  lateNumber: number;
}

export function createItemMaker(
  random: Random,
  athletes: readonly { readonly account: TrainingAccount; readonly userId: string }[],
): ItemMaker {
  const states = athletes.map(
    ({ account, userId }): AthleteState => ({
      ...{ account, userId, week: 1, cycle: 1 },
      ...{ revertible: [], openSessions: [], completedSessions: [], sets: [], events: [], lateNumber: 10 },
    }),
  );
  const byUser = new Map(states.map((state) => [state.userId, state]));

  function item(state: AthleteState, method: MethodName, request: Message): Item {
    const { input } = METHODS[method];
    const payload = toBinary(input, request as never);
    return { accountId: state.account.accountId, method, requestId: random.uuid(), payload };
  }

  /** Remembers an event, and its sets, as what may be put right later. */
  function note(
    state: AthleteState,
    made: Item,
    sets: readonly { liftId: string; setNumber: number }[] = [],
  ): Item {
    state.events.push(made.requestId);
    if (sets.length > 0) {
      const { sessionId } = fromBinary(LogSetsRequestSchema, made.payload);
      state.sets.push(...sets.map(({ liftId, setNumber }) => ({ sessionId, liftId, setNumber })));
    }
    return made;
  }

  function publication({ account, userId }: AthleteState, type: string, data: Record<string, string>): Item {
    const id = random.uuid();
    const request = create(PublishEventsRequestSchema, { events: [{ id, type, userId, data }] });
    const payload = toBinary(PublishEventsRequestSchema, request);
    return { accountId: account.accountId, method: 'PublishEvents', requestId: id, payload };
  }

  const makers: Readonly<Record<ItemKind, (state: AthleteState) => Item>> = {
    session(state) {
      const { userId, account } = state;
      const { squat = '', bench = '', press = '' } = account.liftIds;
      const open = state.openSessions.shift();
      const sessionId = open ?? random.uuid();
      if (open) {
        state.completedSessions.push(open);
      }
      const session = { sessionId, daySlug: 'a', weekNumber: 1, liftsPerformed: [squat, bench, press] };
      return item(
        state,
        'HandleSessionComplete',
        create(HandleSessionCompleteRequestSchema, { userId, session }),
      );
    },
    sets(state) {
      const { userId, account } = state;
      const { squat = '', bench = '' } = account.liftIds;
      const sessionId = random.uuid();
      if (state.openSessions.length < 3) {
        state.openSessions.push(sessionId);
      }
      const sets = Array.from({ length: random.between(1, 4) }, (_, index) => ({
        liftId: random.pick([squat, bench]),
        ...{ setNumber: index + 1, kind: SetKind.WORK, weight: '100', targetReps: 5 },
        repsPerformed: random.next() < 0.3 ? 4 : 5,
      }));
      return note(
        state,
        item(state, 'LogSets', create(LogSetsRequestSchema, { userId, sessionId, sets })),
        sets,
      );
    },
    late(state) {
      const { userId, account } = state;
      const { squat = '', bench = '' } = account.liftIds;
      const sessionId = state.completedSessions.at(-1) ?? random.uuid();
      state.lateNumber += 1;
      const sets = [
        {
          ...{ liftId: random.pick([squat, bench]), setNumber: state.lateNumber },
          ...{ kind: SetKind.WORK, weight: '100', targetReps: 5 },
          repsPerformed: random.next() < 0.5 ? 4 : 5,
        },
      ];
      return note(
        state,
        item(state, 'LogSets', create(LogSetsRequestSchema, { userId, sessionId, sets })),
        sets,
      );
    },
    week(state) {
      const { userId } = state;
      const week = { previousWeek: state.week, newWeek: state.week + 1, cycleIteration: 1 };
      state.week += 1;
      return note(
        state,
        item(state, 'HandleWeekAdvance', create(HandleWeekAdvanceRequestSchema, { userId, week })),
      );
    },
    cycle(state) {
      const { userId } = state;
      const completed = { completedCycle: state.cycle, newCycle: state.cycle + 1, totalWeeks: 4 };
      state.cycle += 1;
      const request = create(HandleCycleCompleteRequestSchema, { userId, cycle: completed });
      return note(state, item(state, 'HandleCycleComplete', request));
    },
    manual(state) {
      const { userId, account } = state;
      const request = create(TriggerProgressionRequestSchema, {
        userId,
        progressionId: account.pressRuleId,
        liftId: account.liftIds.press ?? '',
        force: random.next() < 0.5,
        reason: 'by hand',
      });
      return note(state, item(state, 'TriggerProgression', request));
    },
    undo(state) {
      const { userId } = state;
      // What is older has later applications in the way, or was undone: both are refused, which is a valid answer.
      const sessionId = random.next() < 0.5 ? state.completedSessions.pop() : undefined;
      const event = sessionId
        ? { case: 'sessionId' as const, value: sessionId }
        : { case: 'requestId' as const, value: state.events.pop() ?? random.uuid() };
      const request = create(RevertEventRequestSchema, { userId, event, reason: 'a mistake' });
      return item(state, 'RevertEvent', request);
    },
    correct(state) {
      const { userId } = state;
      const { sessionId, ...set } = state.sets.at(-1 - random.between(0, 3)) ?? {
        ...{ sessionId: random.uuid(), liftId: random.uuid(), setNumber: 1 },
      };
      const performed = {
        ...{ ...set, kind: SetKind.WORK, weight: '100', targetReps: 5 },
        repsPerformed: random.next() < 0.5 ? 4 : 5,
      };
      const change =
        random.next() < 0.3
          ? { case: 'remove' as const, value: set }
          : { case: 'set' as const, value: performed };
      const corrections = [{ change }];
      const request = create(CorrectSetsRequestSchema, {
        userId,
        sessionId,
        corrections,
        reason: 'a mistake',
      });
      return item(state, 'CorrectSets', request);
    },
    revert(state) {
      const { userId } = state;
      // Reverting an unknown id is refused, which is a valid answer.
      const logId = state.revertible.pop() ?? random.uuid();
      const request = create(RevertProgressionRequestSchema, { userId, logId, reason: 'a mistake' });
      return item(state, 'RevertProgression', request);
    },
    max(state) {
      const { userId, account } = state;
      const request = create(SetLiftMaxRequestSchema, {
        ...{ userId, liftId: account.liftIds.press ?? '', maxType: MaxType.TRAINING_MAX },
        ...{ value: `${random.between(40, 140)}`, reason: 'tested' },
      });
      return item(state, 'SetLiftMax', request);
    },
    event: (state) => publication(state, PUBLISHED_EVENT, { amount: '10' }),
    invitation: (state) => publication(state, INVITED_EVENT, {}),
  };

  return {
    next(kind, userId) {
      const state = userId === undefined ? random.pick(states) : byUser.get(userId);
      if (!state) {
        throw new TypeError('the athlete does not exist');
      }
      return makers[kind](state);
    },
    pickAthletes(count) {
      const { account } = random.pick(states);
      const all = states.filter((state) => state.account === account);
      return Array.from({ length: count }, () => random.pick(all));
    },
    recordAnswer({ method, payload }, response) {
      if (method !== 'HandleSessionComplete') {
        return;
      }
      const { userId } = fromBinary(HandleSessionCompleteRequestSchema, payload);
      const { outcome } = fromBinary(PROGRESSION.handleSessionComplete.output, response);
      const applied = (outcome?.results ?? []).filter((result) => result.applied);
      byUser.get(userId)?.revertible.push(...applied.map(({ logId }) => logId));
    },
  };
}

/** Relative frequency of each kind of call. */
export type CallWeights = Readonly<Partial<Record<keyof typeof USUAL, number>>>;

const USUAL = {
  ...{ session: 30, sets: 25, week: 6, cycle: 3, manual: 6, revert: 6, max: 6 },
  ...{ late: 8, correct: 8, undo: 6 },
  ...{ batch: 5, publication: 8, invitation: 2, duplicates: 3, repeatedEvent: 1, otherPayload: 1 },
} as const;

/** Calls that are sent at the same time; usually one. */
export function nextCalls(random: Random, maker: ItemMaker, weights: CallWeights = USUAL): readonly Call[] {
  const kind = pickWeighted(random, weights as Record<keyof typeof USUAL, number>);
  switch (kind) {
    case 'batch': {
      const kinds = ['session', 'sets', 'week', 'cycle', 'manual'] as const;
      const athletes = maker.pickAthletes(random.between(3, 10));
      const items = athletes.map(({ userId }) => maker.next(random.pick(kinds), userId));
      return [toBatchCall(items, random.uuid())];
    }
    case 'publication':
    case 'invitation': {
      const athletes = maker.pickAthletes(random.between(1, 4));
      const event = kind === 'publication' ? 'event' : 'invitation';
      const items = athletes.map(({ userId }) => maker.next(event, userId));
      return [toPublishCall(items, random.uuid())];
    }
    case 'duplicates': {
      const call = toCall(maker.next(random.pick(['session', 'sets', 'max', 'manual'])));
      return Array.from({ length: 6 }, () => call);
    }
    case 'repeatedEvent': {
      // The same event under two request IDs.
      const item = maker.next(random.pick(['session', 'week', 'cycle']));
      return [toCall(item), toCall({ ...item, requestId: random.uuid() })];
    }
    case 'otherPayload': {
      // Two payloads under one request ID: one must be refused.
      const same = random.pick(['session', 'max', 'sets'] as const);
      const [first, second] = maker.pickAthletes(2).map(({ userId }) => maker.next(same, userId));
      return first && second ? [toCall(first), toCall({ ...second, requestId: first.requestId })] : [];
    }
    default:
      return [toCall(maker.next(kind))];
  }
}
