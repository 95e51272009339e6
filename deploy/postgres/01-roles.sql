-- Three roles: the schema's owner migrates; the one that the service connects as may only become the third, which is
-- held to one account by row-level security. The passwords are for a database that only this machine reaches.
create role progression_app nologin;
create role progression_owner login password 'owner';
create role progression_service login password 'service' in role progression_app;
alter database progression owner to progression_owner;
