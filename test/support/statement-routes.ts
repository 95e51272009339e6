/**
 * Where a statement runs when the tables are distributed by account (Citus): on the shards of one account, whose id is a
 * constant for every relation, or nowhere, because of a form that Citus refuses. Reads PostgreSQL's own parse tree.
 */
import { loadModule, parseSync } from 'libpg-query';

await loadModule();

/** A constant of a statement: the number of a parameter, or a literal. */
export type Constant = { readonly parameter: number } | { readonly literal: string };

export interface StatementRoute {
  /** The accounts of the relations; empty for a statement without any. */
  readonly accounts: readonly Constant[];
  /** What keeps the statement from running on the shards of one account; see docs/citus.md. */
  readonly faults: readonly Fault[];
}

export type Fault =
  | 'several statements in one text'
  | 'not a statement on rows'
  | 'a relation without a constant account'
  | 'an insert whose rows go through the coordinator'
  | 'a function of the coordinator beside a relation'
  | 'a volatile or stable function over columns in a change'
  | 'a volatile function in a change'
  | 'a function that is not immutable in DO UPDATE'
  | 'a slice of an array in a change'
  | 'a setting that stays on the coordinator'
  | 'a setting for longer than the transaction'
  | 'a recursive query over accounts'
  | 'a join over accounts'
  | 'a lateral query over accounts'
  | 'a lock or a change over accounts';

export interface KnownFunctions {
  /** Names of functions with a version that is stable or volatile. */
  readonly notImmutable: ReadonlySet<string>;
  /** Those with a version that is volatile. */
  readonly volatile: ReadonlySet<string>;
  /** Tables with a column whose default draws from a sequence, and the column. */
  readonly drawing: ReadonlyMap<string, string>;
}

type Tree = { readonly [key: string]: unknown };

interface Relation {
  readonly table: string;
  readonly alias: string;
}

const QUERIES = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** Their answer depends on the server that runs them. In a change, the coordinator runs those that have no column. */
const OF_ONE_SERVER =
  /^(pg_(try_)?advisory_|pg_current_(xact_id|snapshot|wal)|pg_snapshot_|pg_visible_in_snapshot|pg_xact_|txid_|nextval$|pg_notify$)/;

/** How a transaction of one account runs the statement. */
export function routeStatement(text: string, functions: KnownFunctions): StatementRoute {
  return new Judge(functions).judge(text);
}

/** How a transaction over all accounts runs it: on every shard. */
export function faultsOverAccounts(text: string): readonly Fault[] {
  const [statement, ...others] = statementsOf(text);
  if (!statement || others.length > 0) {
    return ['several statements in one text'];
  }
  const faults = new Set<Fault>();
  for (const [kind, body] of queriesIn(statement)) {
    if (kind !== 'SelectStmt' || body.lockingClause) {
      faults.add('a lock or a change over accounts');
    }
    if ((body.withClause as Tree | undefined)?.recursive) {
      faults.add('a recursive query over accounts');
    }
    for (const [inner, { lateral }] of within(body)) {
      if (inner === 'RangeSubselect' && lateral) {
        faults.add('a lateral query over accounts');
      }
    }
    const level = readLevel(body, new Set(commonTables(body).map(([name]) => name)));
    if (
      level.relations.length > 1 &&
      reachable(level, level.relations.slice(0, 1)).size < level.relations.length
    ) {
      faults.add('a join over accounts');
    }
  }
  return [...faults];
}

class Judge {
  readonly #functions: KnownFunctions;
  readonly #faults = new Set<Fault>();
  readonly #accounts: Constant[] = [];

  constructor(functions: KnownFunctions) {
    this.#functions = functions;
  }

  judge(text: string): StatementRoute {
    const [statement, ...others] = statementsOf(text);
    if (!statement || others.length > 0) {
      this.#faults.add('several statements in one text');
    } else {
      this.#judgeStatement(statement);
    }
    return { accounts: this.#accounts, faults: [...this.#faults] };
  }

  #judgeStatement(statement: Tree): void {
    const [kind, body] = only(statement);
    if (QUERIES.has(kind)) {
      this.#judgeQuery(kind, body, new Set());
    } else if (kind === 'VariableSetStmt') {
      if (!body.is_local) {
        this.#faults.add('a setting for longer than the transaction');
      }
    } else if (kind !== 'TransactionStmt') {
      this.#faults.add('not a statement on rows');
    }
  }

  #judgeQuery(kind: string, body: Tree, outerNames: ReadonlySet<string>): void {
    const names = new Set([...outerNames, ...commonTables(body).map(([name]) => name)]);
    for (const [, query] of commonTables(body)) {
      this.#judgeQuery(...only(query), names);
    }
    for (const side of [body.larg, body.rarg]) {
      if (kind === 'SelectStmt' && side) {
        this.#judgeQuery('SelectStmt', side as Tree, names);
      }
    }
    const level = readLevel(body, names);
    this.#judgeRelations(level);
    this.#judgeFunctions(kind, body, level);
    if (kind === 'InsertStmt') {
      this.#judgeInsert(body, names);
    }
    for (const [inner, query] of nestedQueries(body)) {
      this.#judgeQuery(inner, query, names);
    }
  }

  #judgeRelations(level: Level): void {
    const confined = level.constants.map(([alias]) => alias);
    const reached = reachable(
      level,
      level.relations.filter(({ alias }) => confined.includes(alias)),
    );
    if (level.relations.some((relation) => !reached.has(relation))) {
      this.#faults.add('a relation without a constant account');
    }
    this.#accounts.push(...level.constants.map(([, constant]) => constant));
  }

  #judgeFunctions(kind: string, body: Tree, level: Level): void {
    for (const [inner, call] of within(body)) {
      if (inner === 'A_Indices' && call.is_slice && kind !== 'SelectStmt') {
        this.#faults.add('a slice of an array in a change');
      }
      if (inner !== 'FuncCall') {
        continue;
      }
      const name = nameOf(call.funcname);
      if (name === 'set_config') {
        this.#faults.add('a setting that stays on the coordinator');
      }
      if (kind === 'SelectStmt' && level.relations.length > 0 && OF_ONE_SERVER.test(name)) {
        this.#faults.add('a function of the coordinator beside a relation');
      }
      const isChange = kind === 'UpdateStmt' || kind === 'DeleteStmt';
      if (isChange && this.#functions.volatile.has(name)) {
        this.#faults.add('a volatile function in a change');
      } else if (isChange && this.#functions.notImmutable.has(name) && hasColumn(call)) {
        this.#faults.add('a volatile or stable function over columns in a change');
      }
    }
  }

  #judgeInsert(body: Tree, names: ReadonlySet<string>): void {
    const { relname } = body.relation as { relname: string };
    const position = columnsOf(body).indexOf(accountColumn(relname));
    const [, source] = only(body.selectStmt as Tree);
    const lists = (source.valuesLists ?? []) as readonly { List: { items: readonly Tree[] } }[];
    if (lists.length > 0) {
      const constants = lists.map(({ List }) => constantOf(List.items[position]));
      if (constants.some((constant) => !constant)) {
        this.#faults.add('a relation without a constant account');
      }
      this.#accounts.push(...constants.filter((constant) => constant !== undefined));
    } else {
      const sourceLevel = readLevel(source, names);
      const targets = (source.targetList ?? []) as readonly { ResTarget: { val: Tree } }[];
      const aimed = columnOf(targets[position]?.ResTarget.val);
      const own = aimed && resolve(aimed, sourceLevel.relations);
      const drawn = this.#functions.drawing.get(relname);
      if (!own || (drawn !== undefined && !columnsOf(body).includes(drawn))) {
        this.#faults.add('an insert whose rows go through the coordinator');
      }
    }
    const conflict = body.onConflictClause as Tree | undefined;
    for (const [inner, call] of conflict ? within({ conflict }) : []) {
      if (inner === 'FuncCall' && this.#functions.notImmutable.has(nameOf(call.funcname))) {
        this.#faults.add('a function that is not immutable in DO UPDATE');
      }
    }
  }
}

/** The relations of one query, without its subqueries, and what its conditions say of their accounts. */
interface Level {
  readonly relations: readonly Relation[];
  readonly constants: readonly (readonly [alias: string, constant: Constant])[];
  /** The account of the second is that of the first. */
  readonly equalities: readonly (readonly [alias: string, alias: string])[];
}

function readLevel(body: Tree, commonNames: ReadonlySet<string>): Level {
  const from = [body.fromClause, body.usingClause];
  const target = body.relation as RangeVar | undefined;
  const ranges = from.flatMap((clause) =>
    [...within({ clause })].flatMap(([kind, range]) =>
      kind === 'RangeVar' ? [range as unknown as RangeVar] : [],
    ),
  );
  const isInsert = body.selectStmt !== undefined || body.onConflictClause !== undefined;
  const relations = [...(target && !isInsert ? [target] : []), ...ranges]
    .filter(({ relname, schemaname }) => !commonNames.has(relname) && !isCatalog(relname, schemaname))
    .map(({ relname, alias }) => ({ table: relname, alias: alias?.aliasname ?? relname }));
  const constants: [string, Constant][] = [];
  const equalities: [string, string][] = [];
  const add = (condition: unknown, mayConfine: (alias: string) => boolean) => {
    for (const [left, right] of equalitiesIn(condition)) {
      for (const [one, other] of [
        [left, right],
        [right, left],
      ] as const) {
        const alias = aliasOf(one, relations);
        const constant = constantOf(other);
        const equal = aliasOf(other, relations);
        if (alias !== undefined && mayConfine(alias)) {
          if (constant) {
            constants.push([alias, constant]);
          } else if (equal !== undefined) {
            equalities.push([equal, alias]);
          }
        }
      }
    }
  };
  add(body.whereClause, () => true);
  for (const clause of from) {
    for (const [kind, join] of within({ clause })) {
      if (kind === 'JoinExpr') {
        // The condition of an outer join says nothing of the rows that it keeps.
        const kept = keptAliases(join);
        add(join.quals, (alias) => !kept.has(alias));
        for (const [left, right] of usingAccount(join)) {
          equalities.push([left, right]);
        }
      }
    }
  }
  return { relations, constants, equalities };
}

function isCatalog(name: string, schema: string | undefined): boolean {
  return schema === 'pg_catalog' || name.startsWith('pg_') || name === 'mikro_orm_migrations';
}

interface RangeVar {
  readonly relname: string;
  readonly schemaname?: string;
  readonly alias?: { readonly aliasname: string };
}

function aliasesIn(side: unknown): string[] {
  return [...within({ side })].flatMap(([kind, range]) => {
    const { relname, alias } = range as unknown as RangeVar;
    return kind === 'RangeVar' ? [alias?.aliasname ?? relname] : [];
  });
}

function keptAliases({ jointype, larg, rarg }: Tree): ReadonlySet<string> {
  return new Set([
    ...(jointype === 'JOIN_LEFT' || jointype === 'JOIN_FULL' ? aliasesIn(larg) : []),
    ...(jointype === 'JOIN_RIGHT' || jointype === 'JOIN_FULL' ? aliasesIn(rarg) : []),
  ]);
}

/** `join … using (account_id, …)`. */
function usingAccount({ usingClause, larg, rarg, jointype }: Tree): [string, string][] {
  const columns = ((usingClause ?? []) as readonly { String: { sval: string } }[]).map(
    (each) => each.String.sval,
  );
  return columns.includes('account_id')
    ? aliasesIn(larg).flatMap((left) =>
        aliasesIn(rarg).flatMap((right): [string, string][] => [
          [left, right],
          ...(jointype === 'JOIN_INNER' ? [[right, left] as [string, string]] : []),
        ]),
      )
    : [];
}

/** The relations whose account follows from that of these. */
function reachable({ relations, equalities }: Level, from: readonly Relation[]): ReadonlySet<Relation> {
  const reached = new Set(from);
  for (let size = -1; size < reached.size; ) {
    size = reached.size;
    for (const relation of relations) {
      const known = [...reached].map(({ alias }) => alias);
      if (equalities.some(([one, other]) => other === relation.alias && known.includes(one))) {
        reached.add(relation);
      }
    }
  }
  return reached;
}

/** The two sides of each equality that a condition requires; row values by their columns. */
function equalitiesIn(condition: unknown): (readonly [Tree, Tree])[] {
  const [kind, body] = condition ? only(condition as Tree) : ['', {}];
  if (kind === 'BoolExpr' && body.boolop === 'AND_EXPR') {
    return (body.args as readonly Tree[]).flatMap(equalitiesIn);
  }
  const [left, right] = [body.lexpr, body.rexpr] as [Tree, Tree];
  if (kind === 'A_Expr' && body.kind === 'AEXPR_IN' && left.RowExpr && nameOf(body.name) === '=') {
    // Each row of the list; the accounts are compared later.
    return (right as unknown as { List: { items: readonly Tree[] } }).List.items.flatMap((item) =>
      equalitiesIn({ A_Expr: { ...body, kind: 'AEXPR_OP', rexpr: item } }),
    );
  }
  if (kind !== 'A_Expr' || body.kind !== 'AEXPR_OP' || nameOf(body.name) !== '=') {
    return [];
  }
  const [leftRow, rightRow] = [left.RowExpr, right.RowExpr] as [Tree | undefined, Tree | undefined];
  return leftRow && rightRow
    ? (leftRow.args as readonly Tree[]).map(
        (each, at) => [each, (rightRow.args as readonly Tree[])[at] as Tree] as const,
      )
    : [[left, right]];
}

function accountColumn(table: string): string {
  return table === 'accounts' ? 'id' : 'account_id';
}

/** The path of a reference to a column. */
function columnOf(expression: Tree | undefined): readonly string[] | undefined {
  const reference = expression?.ColumnRef as { fields: readonly { String?: { sval: string } }[] } | undefined;
  return reference?.fields.map((field) => field.String?.sval ?? '*');
}

/** The relation whose account this reference to a column is. */
function resolve(path: readonly string[], relations: readonly Relation[]): Relation | undefined {
  const column = path.at(-1);
  const alias = path.at(-2);
  const candidates = relations.filter(
    (relation) =>
      accountColumn(relation.table) === column && (alias === undefined || relation.alias === alias),
  );
  return candidates.length === 1 ? candidates[0] : undefined;
}

function aliasOf(expression: Tree, relations: readonly Relation[]): string | undefined {
  const path = columnOf(expression);
  return path && resolve(path, relations)?.alias;
}

function constantOf(expression: Tree | undefined): Constant | undefined {
  const [kind, body] = expression ? only(expression) : ['', {}];
  if (kind === 'TypeCast') {
    return constantOf(body.arg as Tree);
  }
  if (kind === 'ParamRef') {
    return { parameter: Number(body.number) };
  }
  const text = (body.sval as { sval?: string } | undefined)?.sval;
  return kind === 'A_Const' && text !== undefined ? { literal: text } : undefined;
}

function columnsOf({ cols }: Tree): string[] {
  return ((cols ?? []) as readonly { ResTarget: { name: string } }[]).map(({ ResTarget }) => ResTarget.name);
}

function commonTables({ withClause }: Tree): [string, Tree][] {
  const { ctes = [] } = (withClause ?? {}) as {
    ctes?: readonly { CommonTableExpr: { ctename: string; ctequery: Tree } }[];
  };
  return ctes.map(({ CommonTableExpr: { ctename, ctequery } }) => [ctename, ctequery]);
}

function hasColumn(tree: Tree): boolean {
  return [...within(tree)].some(([kind]) => kind === 'ColumnRef');
}

function nameOf(names: unknown): string {
  return (names as readonly { String: { sval: string } }[]).at(-1)?.String.sval ?? '';
}

function statementsOf(text: string): Tree[] {
  const { stmts = [] } = parseSync(text) as unknown as { stmts?: readonly { stmt: Tree }[] };
  return stmts.map(({ stmt }) => stmt);
}

/** A node is an object with its kind as its only key. */
function only(node: Tree): [string, Tree] {
  const [entry] = Object.entries(node);
  return entry ? [entry[0], entry[1] as Tree] : ['', {}];
}

const JUDGED_APART = new Set(['withClause', 'larg', 'rarg']);

/** The nodes of one query, without those of its subqueries. */
function* within(tree: Tree): Generator<[string, Tree]> {
  for (const [kind, node] of nodesIn(tree)) {
    if (!QUERIES.has(kind)) {
      yield [kind, node];
    }
  }
}

/** The subqueries of a query, each without those inside it. */
function* nestedQueries(body: Tree): Generator<[string, Tree]> {
  const parts = Object.entries(body).filter(([key]) => !JUDGED_APART.has(key));
  for (const [kind, node] of nodesIn(Object.fromEntries(parts))) {
    if (QUERIES.has(kind)) {
      yield [kind, node];
    }
  }
}

/** Every query of a statement, those inside others included. */
function* queriesIn(statement: Tree): Generator<[string, Tree]> {
  for (const [kind, node] of nodesIn(statement)) {
    if (QUERIES.has(kind)) {
      yield [kind, node];
      for (const side of [node.larg, node.rarg]) {
        yield* side ? queriesIn({ SelectStmt: side }) : [];
      }
      yield* queriesIn(
        Object.fromEntries(Object.entries(node).filter(([key]) => !['larg', 'rarg'].includes(key))),
      );
    }
  }
}

/** The nodes below, down to the next queries. */
function* nodesIn(tree: unknown): Generator<[string, Tree]> {
  if (Array.isArray(tree)) {
    for (const each of tree) {
      yield* nodesIn(each);
    }
  } else if (typeof tree === 'object' && tree !== null) {
    for (const [key, value] of Object.entries(tree)) {
      const isNode = /^[A-Z]/.test(key);
      if (isNode) {
        yield [key, value as Tree];
      }
      if (!isNode || !QUERIES.has(key)) {
        yield* nodesIn(value);
      }
    }
  }
}
