/** Plays random mistakes and corrections over the RPCs, beside the history as it would be without the mistakes. */
import type { Client } from '@connectrpc/connect';
import { ConnectError } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { enumName } from '../../src/calls/enum-name.ts';
import { ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { MaxTypeSchema, SetKind } from '../../src/gen/progression/v1/common_pb.ts';
import { EnrollmentStatus, type ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { under } from '../support/progression-client.ts';
import type { Trainee } from '../support/trainee.ts';
import { LIFTS, type RandomProgram } from './evaluation/arbitrary-program.ts';
import { createModel, type ModelState } from './model.ts';
import { plain, scopeOf, triggerOf } from './model-rules.ts';
import {
  adopt,
  eventOf,
  type Item,
  isApplication,
  isOf,
  type LoggedSet,
  textsOf,
} from './straight-history.ts';

export interface CorrectedExample {
  readonly program: RandomProgram;
  readonly steps: readonly CorrectedStep[];
}

export interface CorrectedStep {
  readonly kind:
    | 'log'
    | 'finish'
    | 'week'
    | 'cycle'
    | 'late'
    | 'correct'
    | 'remove'
    | 'revert'
    | 'again'
    | 'enroll';
  readonly choices: readonly [number, number, number, number];
}

/** DONE, NOTHING to do it to, NOT_COMPARABLE from here on, or the reason of a refusal. */
type Outcome = string;

/** Steps after which the state is compared; events are compared by their outcome. */
const PUTS_RIGHT = new Set(['late', 'correct', 'remove', 'revert', 'again', 'enroll']);

const SIXTY = { toFixed: () => '60' };

export class CorrectedHistory {
  /** What happened, for the message of a failure. */
  readonly told: string[] = [];
  readonly #trainee: Trainee;
  readonly #programs: Client<typeof ProgramService>;
  readonly #program: RandomProgram;
  #items: readonly Item[] = [];
  #session = uuidv7();
  #week = 1;
  #cycle = 1;

  constructor(trainee: Trainee, programs: Client<typeof ProgramService>, program: RandomProgram) {
    this.#trainee = trainee;
    this.#programs = programs;
    this.#program = program;
  }

  async take({ kind, choices }: CorrectedStep): Promise<Outcome> {
    this.told.push(`${kind} ${choices.join(' ')}`);
    const outcome = await this.#take(kind, choices);
    if (PUTS_RIGHT.has(kind) && outcome !== 'NOT_COMPARABLE' && outcome !== 'NOTHING') {
      await this.expectState();
    }
    return outcome;
  }

  #take(kind: CorrectedStep['kind'], [a, b, c, d]: CorrectedStep['choices']): Promise<Outcome> {
    const ended = this.#items.filter((item) => item.kind === 'END');
    switch (kind) {
      case 'log':
        return this.#log(this.#session, this.#newSets(this.#session, pick(LIFTS, a), 1 + (b % 3), [c, d]));
      case 'finish':
        return this.#finish(a % 4 === 0 ? LIFTS.slice(0, 1 + (b % 2)) : this.#liftsOf(this.#session));
      case 'week':
      case 'cycle':
        return this.#period(kind);
      case 'late':
        return ended.length === 0
          ? nothing()
          : this.#late(pick(ended, a).sessionId, pick(LIFTS, b), 1 + (c % 2), [c, d]);
      case 'correct':
      case 'remove':
        return this.#correct(a, kind === 'correct' ? b % 10 : null);
      case 'revert':
        return this.#revert(a);
      case 'again':
        return ended.length === 0 ? nothing() : this.#again(pick(ended, a).sessionId);
      case 'enroll':
        return this.#enroll();
    }
  }

  async #log(sessionId: string, sets: readonly LoggedSet[]): Promise<Outcome> {
    const id = uuidv7();
    const lines = await this.#report(id, sessionId, sets);
    this.#append({ id, kind: 'SETS', sessionId, sets }, lines);
    return 'DONE';
  }

  async #finish(lifts: readonly string[]): Promise<Outcome> {
    const id = uuidv7();
    const lines = await this.#complete(id, this.#session, lifts);
    this.#append({ id, kind: 'END', sessionId: this.#session, lifts }, lines);
    this.#session = uuidv7();
    return 'DONE';
  }

  async #period(kind: 'week' | 'cycle'): Promise<Outcome> {
    const id = uuidv7();
    const call = under(id);
    if (kind === 'week') {
      this.#week += 1;
      const lines = await this.#trainee.advanceWeek(this.#week - 1, { cycle: this.#cycle, call });
      this.#append({ id, kind: 'WEEK' }, lines);
    } else {
      const lines = await this.#trainee.completeCycle(this.#cycle, 4, { call });
      this.#cycle += 1;
      this.#append({ id, kind: 'CYCLE' }, lines);
    }
    return 'DONE';
  }

  async #enroll(): Promise<Outcome> {
    const { userId, programId } = this.#trainee.athlete;
    await this.#programs.unenrollUser({ userId, status: EnrollmentStatus.QUIT });
    await this.#programs.enrollUser({ userId, programId });
    [this.#week, this.#cycle] = [1, 1];
    this.#append({ id: uuidv7(), kind: 'ENROLL' }, []);
    return 'DONE';
  }

  /** Sets after their session's end: as if they had been before it, or as of now where the answer says so. */
  async #late(sessionId: string, lift: string, count: number, choices: readonly number[]): Promise<Outcome> {
    const id = uuidv7();
    const sets = this.#newSets(sessionId, lift, count, choices);
    const lines = await this.#report(id, sessionId, sets);
    const unheard = lines.filter((line) => line.includes('SESSION_ALREADY_COMPLETED'));
    const item: Item = { id, kind: 'SETS', sessionId, sets };
    const isLooked = scopeOf(this.#program.rules, LIFTS).some(
      ({ row, lift: ofRow }) =>
        ofRow === lift && (triggerOf(row) === 'AFTER_SESSION' || row.parameters.countBy === 'SESSION'),
    );
    const end = this.#endOf(sessionId, lift);
    if (!isLooked || unheard.length > 0) {
      const isEarlier = end !== undefined && this.#isEarlier(this.#items.indexOf(end));
      if (unheard.length > 0 && end && !isEarlier) {
        expect(this.#laterApplications(sessionId, [lift]), this.told.join('\n')).not.toEqual([]);
      }
      this.#append(
        item,
        lines.filter((line) => !unheard.includes(line)),
      );
      return unheard.length > 0 ? 'SESSION_ALREADY_COMPLETED' : 'DONE';
    }
    expect(end, this.told.join('\n')).toBeDefined();
    return this.#becomes(adopt([...this.#items, item], sessionId, lift), sessionId, [lift]);
  }

  async #again(sessionId: string): Promise<Outcome> {
    const had = this.#items.flatMap((item) =>
      item.kind === 'END' && item.sessionId === sessionId ? item.lifts : [],
    );
    const lifts = LIFTS.filter((lift) => !had.includes(lift));
    if (lifts.length === 0 || this.#isEarlier(this.#items.findLastIndex((item) => isOf(item, sessionId)))) {
      return 'NOTHING';
    }
    const id = uuidv7();
    await this.#complete(id, sessionId, [...had, ...lifts]);
    this.#items = [...this.#items, { id, kind: 'END', sessionId, lifts }];
    return 'DONE';
  }

  /** One set gets other repetitions, or is removed with null. */
  async #correct(which: number, reps: number | null): Promise<Outcome> {
    const all = this.#items.flatMap((item) =>
      item.kind === 'SETS' ? item.sets.map((set) => ({ item, set })) : [],
    );
    if (all.length === 0) {
      return 'NOTHING';
    }
    const { item, set } = pick(all, which);
    const { sessionId } = item;
    const { userId } = this.#trainee.athlete;
    const changed = reps === null ? null : { ...set, repsPerformed: reps };
    const place = { liftId: this.#trainee.liftId(set.liftId), setNumber: set.setNumber };
    const change = changed
      ? { case: 'set' as const, value: this.#messageOf(changed) }
      : { case: 'remove' as const, value: place };
    const request = { userId, sessionId, reason: 'a mistake', corrections: [{ change }] };
    const after = this.#items.map((each) =>
      each === item
        ? { ...item, sets: item.sets.flatMap((one) => (one === set ? (changed ? [changed] : []) : [one])) }
        : each,
    );
    const isJudged = reps !== set.repsPerformed;
    return this.#putRight(() => this.#trainee.client.correctSets(request), {
      after: isJudged ? adopt(after, sessionId, set.liftId) : after,
      sessionId,
      lifts: [set.liftId],
      isEarlier: isJudged && this.#isEarlier(this.#items.indexOf(item)),
    });
  }

  async #revert(which: number): Promise<Outcome> {
    const events = this.#items.filter(({ kind }) => kind !== 'ENROLL');
    if (events.length === 0) {
      return 'NOTHING';
    }
    const item = pick(events, which);
    const { userId } = this.#trainee.athlete;
    const event =
      item.kind === 'END'
        ? { case: 'sessionId' as const, value: item.sessionId }
        : { case: 'requestId' as const, value: item.id.split(' ')[0] ?? '' };
    const isGone = (each: Item) =>
      item.kind === 'END'
        ? each.kind === 'END' && each.sessionId === item.sessionId
        : each.id.split(' ')[0] === event.value;
    const rest = this.#items.filter((each) => !isGone(each));
    const lifts =
      item.kind === 'SETS'
        ? [
            ...new Set(
              this.#items
                .filter(isGone)
                .flatMap((each) => (each.kind === 'SETS' ? each.sets : []))
                .map(({ liftId }) => liftId),
            ),
          ]
        : [...LIFTS];
    const after =
      item.kind === 'SETS'
        ? lifts.reduce<readonly Item[]>((all, lift) => adopt(all, item.sessionId, lift), rest)
        : rest;
    const isEmpty = item.kind === 'SETS' && lifts.length === 0;
    return this.#putRight(() => this.#trainee.client.revertEvent({ userId, event, reason: 'a mistake' }), {
      after,
      sessionId: 'sessionId' in item ? item.sessionId : item.id,
      lifts,
      isEarlier: !isEmpty && this.#items.some((each, at) => isGone(each) && this.#isEarlier(at)),
    });
  }

  async #putRight(
    call: () => Promise<unknown>,
    {
      after,
      sessionId,
      lifts,
      isEarlier,
    }: { after: readonly Item[]; sessionId: string; lifts: readonly string[]; isEarlier: boolean },
  ): Promise<Outcome> {
    const reason = await call().then(
      () => undefined,
      (error: unknown) => ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason ?? String(error),
    );
    expect(reason === 'EARLIER_ENROLLMENT', this.told.join('\n')).toBe(isEarlier);
    if (reason === undefined) {
      return this.#becomes(after, sessionId, lifts);
    }
    if (reason !== 'EARLIER_ENROLLMENT') {
      expect(reason, this.told.join('\n')).toBe('NOT_LATEST_APPLICATION');
      expect(this.#laterApplications(sessionId, lifts), this.told.join('\n')).not.toEqual([]);
    }
    return reason;
  }

  /**
   * The history is this one now. Where a later event would have gone another way, nothing of the first one may have
   * applied: the service does not decide it again, such as a week that was held for a set, and what comes then cannot
   * be compared.
   */
  #becomes(after: readonly Item[], sessionId: string, lifts: readonly string[]): Outcome | Promise<Outcome> {
    const [old, now] = [this.#replay(this.#items).lines, this.#replay(after).lines];
    const others = after.filter((item) => !isOf(item, sessionId) && old.has(item.id));
    this.#items = after;
    const first = lifts.flatMap((lift) => {
      const ofLift = (lines: readonly string[] = []) => lines.filter((line) => line.split(' ')[1] === lift);
      const changed = others.find(({ id }) => ofLift(old.get(id)).join() !== ofLift(now.get(id)).join());
      return changed ? [{ before: ofLift(old.get(changed.id)), after: ofLift(now.get(changed.id)) }] : [];
    });
    for (const changed of first) {
      const lost = changed.before.filter((line) => isApplication(line) && !changed.after.includes(line));
      expect(lost, this.told.join('\n')).toEqual([]);
    }
    return first.length === 0 ? 'DONE' : 'NOT_COMPARABLE';
  }

  /** Lines of other events that applied something to one of the lifts, from the session's first event on. */
  #laterApplications(sessionId: string, lifts: readonly string[]): string[] {
    const { lines } = this.#replay(this.#items);
    const first = this.#items.findIndex((item) => isOf(item, sessionId));
    return this.#items
      .slice(first)
      .filter((item) => !isOf(item, sessionId))
      .flatMap(({ id }) => lines.get(id) ?? [])
      .filter((line) => isApplication(line) && lifts.includes(line.split(' ')[1] ?? ''));
  }

  /** Adds an event that was answered with these lines. */
  #append(item: Item, lines: readonly string[]): void {
    this.#items = [...this.#items, item];
    expect(lines, this.told.join('\n')).toEqual(this.#replay(this.#items).lines.get(item.id));
  }

  #replay(items: readonly Item[]): { state: ModelState; lines: Map<string, string[]> } {
    const { rules, maxes } = this.#program;
    const start = new Map(
      Object.entries(maxes).map(([name, value]) => [
        name.includes(' ') ? name : `${name} TRAINING_MAX`,
        value,
      ]),
    );
    const model = createModel(rules, LIFTS, start);
    const lines = new Map(items.map((item) => [item.id, model.handle(eventOf(item))]));
    return { state: model.state(), lines };
  }

  /** Maxes, counters and stages are what they would be. */
  async expectState(): Promise<void> {
    const { client, athlete, liftId } = this.#trainee;
    const { userId, progressionIds } = athlete;
    const { state } = this.#replay(this.#items);
    const [{ liftMaxes }, { failureCounters }, { progressionStates }] = await Promise.all([
      client.listLiftMaxes({ userId }),
      client.listFailureCounters({ userId }),
      client.listProgressionStates({ userId }),
    ]);
    const slugs = new Map(LIFTS.map((lift) => [liftId(lift), lift]));
    const ruleOf = (each: { liftId: string; progressionId: string }) =>
      `${slugs.get(each.liftId)} rule${progressionIds.indexOf(each.progressionId)}`;
    const stored = {
      maxes: liftMaxes.map(
        (max) => `${slugs.get(max.liftId)} ${enumName(MaxTypeSchema, max.maxType)} ${max.value}`,
      ),
      failures: failureCounters.map((each) => `${ruleOf(each)} ${each.consecutiveFailures}`),
      stages: progressionStates.map((each) => `${ruleOf(each)} ${each.stage?.index ?? 0}`),
    };
    const isCounted = (text: string) => !text.endsWith(' 0');
    expect(
      {
        maxes: stored.maxes.toSorted(),
        failures: stored.failures.filter(isCounted).toSorted(),
        stages: stored.stages.filter(isCounted).toSorted(),
      },
      this.told.join('\n'),
    ).toEqual({
      maxes: [...state.maxes].map(([key, value]) => `${key} ${plain(value)}`).toSorted(),
      failures: textsOf(state.failures).filter(isCounted).toSorted(),
      stages: textsOf(state.stages).filter(isCounted).toSorted(),
    });
  }

  #report(id: string, sessionId: string, sets: readonly LoggedSet[]): Promise<string[]> {
    const { client, athlete, linesOf } = this.#trainee;
    const request = { userId: athlete.userId, sessionId, sets: sets.map((set) => this.#messageOf(set)) };
    return client.logSets(request, under(id)).then(linesOf);
  }

  #complete(id: string, sessionId: string, lifts: readonly string[]): Promise<string[]> {
    const { client, athlete, liftId, linesOf } = this.#trainee;
    const session = { sessionId, daySlug: 'a', weekNumber: 1, liftsPerformed: lifts.map(liftId) };
    const request = { userId: athlete.userId, session, includeNotPerformed: true };
    return client.handleSessionComplete(request, under(id)).then(linesOf);
  }

  /** Numbers that were removed are taken again. */
  #newSets(sessionId: string, lift: string, count: number, [c = 0, d = 0]: readonly number[]): LoggedSet[] {
    const taken = new Set(this.#setsOf(sessionId, lift).map(({ setNumber }) => setNumber));
    const free = Array.from({ length: 40 }, (_, index) => index + 1).filter((each) => !taken.has(each));
    return free.slice(0, count).map((setNumber, index) => ({
      ...{ liftId: lift, setNumber, targetReps: 5, repsPerformed: (c >> (index * 3)) % 10 },
      kind: pick(['WORK', 'WORK', 'AMRAP', 'WARM_UP'], d >> (index * 2)),
      ...{ weight: SIXTY, targetWeight: null },
    }));
  }

  #messageOf({ liftId, setNumber, kind, targetReps, repsPerformed }: LoggedSet) {
    const set = { liftId: this.#trainee.liftId(liftId), setNumber, weight: '60', targetReps, repsPerformed };
    return { ...set, kind: SetKind[kind as 'WORK'] };
  }

  #setsOf(sessionId: string, lift?: string): LoggedSet[] {
    return this.#items
      .flatMap((item) => (item.kind === 'SETS' && item.sessionId === sessionId ? item.sets : []))
      .filter(({ liftId }) => lift === undefined || liftId === lift);
  }

  #liftsOf(sessionId: string): string[] {
    return [...new Set(this.#setsOf(sessionId).map(({ liftId }) => liftId))];
  }

  #endOf(sessionId: string, lift: string): Item | undefined {
    return this.#items.find(
      (item) => item.kind === 'END' && item.sessionId === sessionId && item.lifts.includes(lift),
    );
  }

  /** Whether the item at this place is from before the last enrollment. */
  #isEarlier(at: number): boolean {
    return this.#items.findLastIndex(({ kind }) => kind === 'ENROLL') > at;
  }
}

function pick<T>(all: readonly T[], choice: number): T {
  const found = all[choice % all.length];
  if (found === undefined) {
    throw new TypeError('there is nothing to choose from');
  }
  return found;
}

function nothing(): Promise<Outcome> {
  return Promise.resolve('NOTHING');
}
