-- Run once, by the image, in an empty cluster: a role and a database for each service, named after it, and Temporal's.
-- Nobody else may connect to a database, not even with a password of another one (pg_hba.conf says it again).

\set identity `cat /run/secrets/identity`
\set pricing `cat /run/secrets/pricing`
\set orders `cat /run/secrets/orders`
\set notifications `cat /run/secrets/notifications`
\set temporal `cat /run/secrets/temporal`

CREATE ROLE identity LOGIN PASSWORD :'identity';
CREATE ROLE pricing LOGIN PASSWORD :'pricing';
CREATE ROLE orders LOGIN PASSWORD :'orders';
CREATE ROLE notifications LOGIN PASSWORD :'notifications';
CREATE ROLE temporal LOGIN PASSWORD :'temporal';

CREATE DATABASE identity OWNER identity;
CREATE DATABASE pricing OWNER pricing;
CREATE DATABASE orders OWNER orders;
CREATE DATABASE notifications OWNER notifications;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;

REVOKE CONNECT, TEMPORARY ON DATABASE
    identity, pricing, orders, notifications, temporal, temporal_visibility FROM PUBLIC;
