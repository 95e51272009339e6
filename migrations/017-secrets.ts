/** Accounts keep encrypted secrets, and steps keep what a webhook answered. */
import { Migration } from '@mikro-orm/migrations';

const ACCOUNT = `nullif(current_setting('progression.account_id', true), '')::uuid`;

export class Secrets extends Migration {
  override up(): void {
    this.addSql(`
      create table secrets (
        account_id uuid not null,
        name text not null,
        id uuid not null,
        -- The key that encrypted it, so that a rotation finds what is left.
        key_id text not null,
        sealed bytea not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        updated_by text not null,
        constraint secrets_pkey primary key (account_id, name),
        constraint secret_belongs_to_account foreign key (account_id) references accounts (id) on delete restrict
      )`);
    this.addSql('grant select, insert, update, delete on secrets to progression_app');
    this.addSql(`create policy own_account on secrets
      using (account_id = ${ACCOUNT}) with check (account_id = ${ACCOUNT})`);
    this.addSql('alter table secrets enable row level security, force row level security');
    this.addSql('grant select (account_id, key_id) on secrets to progression_worker');
    this.addSql(
      'create policy worker_sees_what_is_due on secrets for select to progression_worker using (true)',
    );
    // The status and the body of a webhook's answer, for later steps.
    this.addSql('alter table action_executions add column answer jsonb');
  }

  override down(): void {
    this.addSql('alter table action_executions drop column answer');
    this.addSql('drop table secrets');
  }
}
