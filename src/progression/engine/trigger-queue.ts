/** Lets concurrent calls share transactions: what waits while a transaction runs goes into the next one. */
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { violatedUniqueConstraint } from '../../store/database-error.ts';
import { createServiceRate } from './service-rate.ts';
import type { CommandAnswer, TriggerCommand } from './trigger-command.ts';
import type { TriggerQueueObserver } from './trigger-queue-observer.ts';
import type { Settlement, UnitOfWork } from './unit-of-work.ts';

export interface TriggerQueue {
  /**
   * Handles a command once a transaction is free: at once when idle, in a larger group under load. Commands of one
   * athlete run one after the other, in the order submitted. Throws the command's refusal; OVERLOADED when too many
   * wait, or the wait has become too long; CONCURRENT_UPDATE or DATABASE_UNAVAILABLE when all tries within the deadline failed.
   */
  submit(command: TriggerCommand): Promise<CommandAnswer>;
}

export interface LimitedQueue extends TriggerQueue {
  /** The limit for which a command would be refused now whose caller waits for so long; undefined: it would be taken. */
  exceededLimit(timeoutMs: number): QueueLimit | undefined;
}

export type QueueLimit = 'queuedEvents' | 'queueWaitMs';

interface Waiting {
  readonly command: TriggerCommand;
  /** Whose athlete it is about, as `account user`. */
  readonly user: string;
  readonly sinceMs: number;
  readonly resolve: (answer: CommandAnswer) => void;
  readonly reject: (error: unknown) => void;
}

type QueueLimits = Pick<
  Limits,
  | 'groupedEvents'
  | 'concurrentGroups'
  | 'furtherGroupEvents'
  | 'furtherGroupMs'
  | 'concurrentRetries'
  | 'queuedEvents'
  | 'queueWaitMs'
  | 'transactionTries'
>;

export function createTriggerQueue(
  unitOfWork: UnitOfWork,
  limits: QueueLimits,
  observer?: TriggerQueueObserver,
): LimitedQueue {
  return new GroupingQueue(unitOfWork, limits, observer);
}

/** Of the groups that run at the same time: as much as three batches have in line. */
const ROUNDS = 3;

class GroupingQueue implements LimitedQueue {
  readonly #unitOfWork: UnitOfWork;
  readonly #limits: QueueLimits;
  readonly #observer: TriggerQueueObserver | undefined;
  #waiting: Waiting[] = [];
  /** Commands that a group could not settle: the next free retry takes them, alone. */
  readonly #alone: Waiting[] = [];
  /** Athletes with a command in flight. */
  readonly #busyUsers = new Set<string>();
  readonly #rate = createServiceRate();
  /** How many groups run, by account. */
  readonly #groupsOf = new Map<string, number>();
  #groups = 0;
  /** Commands that groups are on. */
  #grouped = 0;
  #retries = 0;
  #isPumpScheduled = false;
  #laterPump: NodeJS.Timeout | undefined;

  constructor(unitOfWork: UnitOfWork, limits: QueueLimits, observer: TriggerQueueObserver | undefined) {
    this.#unitOfWork = unitOfWork;
    this.#limits = limits;
    this.#observer = observer;
    observer?.opened(limits.queuedEvents, () => ({
      waiting: this.#waiting.length,
      waitingAlone: this.#alone.length,
      running: this.#groups + this.#retries,
    }));
  }

  submit(command: TriggerCommand): Promise<CommandAnswer> {
    const exceeded = this.#exceededLimit(command.deadlineAtMs - performance.now(), command.isValidateOnly);
    if (exceeded) {
      const metadata = { limit: exceeded, most: String(this.#limits[exceeded]) };
      return Promise.reject(
        new DomainError('OVERLOADED', 'too many events are waiting; try again', { metadata }),
      );
    }
    return new Promise((resolve, reject) => {
      const user = `${command.accountId} ${command.userId}`;
      this.#waiting.push({ command, user, sinceMs: performance.now(), resolve, reject });
      this.#schedulePump();
    });
  }

  exceededLimit(timeoutMs: number): QueueLimit | undefined {
    return this.#exceededLimit(timeoutMs, false);
  }

  /**
   * Why a command had better come back later: what it would have to wait, by how fast the line moves, or what the
   * first in line has waited. Work taken on beyond that would only be late. A few rounds of groups may wait for as
   * long as their deadlines allow.
   */
  #exceededLimit(leftMs: number, isValidateOnly: boolean): QueueLimit | undefined {
    const { queuedEvents, queueWaitMs } = this.#limits;
    if (this.#waiting.length + this.#alone.length >= queuedEvents) {
      return 'queuedEvents';
    }
    const nowMs = performance.now();
    // Half of the time that is left is for the work itself.
    const usefulMs = Math.max(0, leftMs) / 2;
    const isShort =
      this.#waiting.length < ROUNDS * this.#limits.concurrentGroups * this.#limits.groupedEvents;
    const mostMs = isShort ? usefulMs : Math.min(queueWaitMs, usefulMs);
    const isLong = (ahead: number) => this.#rate.waitMs(ahead) > mostMs;
    if (isLong(this.#waiting.length) && isLong(this.#waiting.filter((each) => this.#canStart(each)).length)) {
      return 'queueWaitMs';
    }
    const isLate = ({ sinceMs }: Waiting) => nowMs - sinceMs > mostMs;
    const [first] = this.#waiting;
    if (first && isLate(first) && this.#waiting.some((each) => isLate(each) && this.#canStart(each))) {
      return 'queueWaitMs';
    }
    const [firstAlone] = this.#alone;
    return isValidateOnly && firstAlone && nowMs - firstAlone.sinceMs > Math.min(queueWaitMs, usefulMs)
      ? 'queueWaitMs'
      : undefined;
  }

  /** Whoever waits for an athlete says nothing of how busy the service is. */
  #canStart({ command, user }: Waiting): boolean {
    return !command.signal.aborted && !this.#busyUsers.has(user);
  }

  /** Once per turn of the event loop, so that calls that came in together go together. */
  #schedulePump(): void {
    if (!this.#isPumpScheduled) {
      this.#isPumpScheduled = true;
      setImmediate(() => {
        this.#isPumpScheduled = false;
        this.#pump();
      });
    }
  }

  #pump(): void {
    while (this.#retries < this.#limits.concurrentRetries) {
      const next = this.#alone.shift();
      if (!next) {
        break;
      }
      this.#retries += 1;
      void this.#runAlone(next).finally(() => {
        this.#retries -= 1;
        this.#release(next);
      });
    }
    while (this.#groups < this.#limits.concurrentGroups) {
      const group = this.#takeGroup();
      const [first] = group;
      if (!first) {
        break;
      }
      this.#countGroup(first, group.length, 1);
      void this.#runGroup(group).finally(() => {
        this.#countGroup(first, group.length, -1);
        this.#schedulePump();
      });
    }
    if (this.#waiting.length > 0 && this.#groups < this.#limits.concurrentGroups) {
      this.#laterPump ??= setTimeout(() => {
        this.#laterPump = undefined;
        this.#pump();
      }, this.#limits.furtherGroupMs);
    }
  }

  #countGroup({ command: { accountId } }: Waiting, events: number, change: 1 | -1): void {
    this.#groups += change;
    this.#grouped += change * events;
    const ofAccount = (this.#groupsOf.get(accountId) ?? 0) + change;
    if (ofAccount > 0) {
      this.#groupsOf.set(accountId, ofAccount);
    } else {
      this.#groupsOf.delete(accountId);
    }
  }

  /**
   * How many a group takes: no more than its share of all that are here, as were all in one group, the database would
   * wait for the process, and the process for the database.
   */
  #share(): number {
    const { groupedEvents, concurrentGroups, furtherGroupEvents } = this.#limits;
    const share = Math.ceil((this.#waiting.length + this.#grouped) / concurrentGroups);
    return Math.min(Math.max(share, furtherGroupEvents), groupedEvents);
  }

  /**
   * Of which a group may begin. Most of what a small group costs is its transaction: while one runs, those that come
   * gather for the next, until there is a share for a group beside it, or one has waited long enough.
   */
  #accountsToServe(share: number): ReadonlySet<string> {
    const { furtherGroupMs } = this.#limits;
    const longSinceMs = performance.now() - furtherGroupMs;
    const counts = new Map<string, number>();
    const accounts = new Set<string>();
    for (const { command, sinceMs } of this.#waiting) {
      const { accountId } = command;
      const count = (counts.get(accountId) ?? 0) + 1;
      counts.set(accountId, count);
      if (!this.#groupsOf.has(accountId) || count >= share || sinceMs <= longSinceMs) {
        accounts.add(accountId);
      }
    }
    return accounts;
  }

  /**
   * The commands that have waited longest, of one account, of athletes that no other group has, and of distinct
   * requests: two rows of one key would be one in the transaction's flush.
   */
  #takeGroup(): Waiting[] {
    const share = this.#share();
    const accounts = this.#accountsToServe(share);
    const group: Waiting[] = [];
    const requests = new Set<string>();
    const kept: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const { command, user } = waiting;
      const accountId = group[0]?.command.accountId ?? command.accountId;
      if (command.signal.aborted) {
        waiting.reject(nobodyWaits(command));
      } else if (
        group.length < share &&
        command.accountId === accountId &&
        accounts.has(accountId) &&
        !this.#busyUsers.has(user) &&
        !requests.has(requestKey(command))
      ) {
        this.#busyUsers.add(user);
        requests.add(requestKey(command));
        group.push(waiting);
      } else {
        kept.push(waiting);
      }
    }
    this.#waiting = kept;
    if (group.length > 0) {
      this.#rate.took(group.length, kept.length > 0);
    }
    return group;
  }

  async #runGroup(group: readonly Waiting[]): Promise<void> {
    const shared = group.filter(({ command }) => !command.isValidateOnly);
    const settlements = await this.#settleTogether(shared.map(({ command }) => command));
    for (const waiting of group) {
      const settlement = settlements[shared.indexOf(waiting)];
      if (settlement && settlement.kind !== 'BUSY') {
        answer(waiting, settlement);
        this.#release(waiting);
      } else {
        this.#alone.push(waiting);
      }
    }
  }

  /** An empty list when the transaction failed: then each command is tried alone, so that none fails another. */
  async #settleTogether(commands: readonly TriggerCommand[]): Promise<Settlement[]> {
    if (commands.length === 0) {
      return [];
    }
    try {
      return await this.#run(commands, 0);
    } catch {
      return [];
    }
  }

  async #run(commands: readonly TriggerCommand[], waitMs: number): Promise<Settlement[]> {
    const beganAtMs = performance.now();
    let isCommitted = false;
    try {
      const settlements = await this.#unitOfWork.run(commands, waitMs);
      isCommitted = true;
      return settlements;
    } finally {
      this.#observer?.ran(commands.length, performance.now() - beganAtMs, isCommitted);
    }
  }

  async #runAlone(waiting: Waiting): Promise<void> {
    const { command } = waiting;
    for (let tries = 1; ; tries += 1) {
      const waitMs = command.deadlineAtMs - performance.now();
      if (waitMs <= 0 || command.signal.aborted) {
        waiting.reject(nobodyWaits(command));
        return;
      }
      try {
        const [settlement] = await this.#run([command], waitMs);
        answer(waiting, settlement);
        return;
      } catch (error) {
        if (tries >= this.#limits.transactionTries || !isWorthAnotherTry(error)) {
          waiting.reject(error);
          return;
        }
        this.#observer?.retried();
        await pause(tries);
      }
    }
  }

  #release({ user }: Waiting): void {
    this.#busyUsers.delete(user);
    this.#schedulePump();
  }
}

function answer(waiting: Waiting, settlement: Settlement | undefined): void {
  if (settlement?.kind === 'ANSWERED') {
    waiting.resolve(settlement.answer);
  } else if (settlement?.kind === 'REFUSED') {
    waiting.reject(settlement.error);
  } else {
    waiting.reject(new TypeError('a command that waited for its athlete was not settled'));
  }
}

function requestKey({ method, requestId, userId }: TriggerCommand): string {
  return `${method} ${requestId ?? userId}`;
}

function nobodyWaits({ deadlineAtMs }: TriggerCommand): DomainError {
  return performance.now() >= deadlineAtMs
    ? new DomainError('DEADLINE_EXCEEDED', 'the deadline passed')
    : new DomainError('CANCELLED', 'the caller went away');
}

/** Transactions that PostgreSQL broke off, and request IDs that a concurrent call took first. */
function isWorthAnotherTry(error: unknown): boolean {
  if (error instanceof DomainError) {
    return error.reason === 'CONCURRENT_UPDATE' || error.reason === 'DATABASE_UNAVAILABLE';
  }
  return violatedUniqueConstraint(error) === 'requests_pkey';
}

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 500;

/** Doubles with each try, with full jitter. */
function pause(tries: number): Promise<void> {
  const mostMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * mostMs));
}
