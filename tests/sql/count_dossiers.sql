-- What the events say, with no code of ours: received, ended on time, ended late, still open.
--
-- A reader of the protobuf wire format, for one varint field of a message without groups: enough for an enum.
create function pg_temp.varint_at(message bytea, inout place int, out value bigint) language plpgsql as $$
declare
    shift int := 0;
    byte  int;
begin
    value := 0;
    loop
        byte := get_byte(message, place);
        place := place + 1;
        value := value | ((byte & 127)::bigint << shift);
        exit when byte < 128;
        shift := shift + 7;
    end loop;
end
$$;

-- The last value of the field, as the format asks; 0 when it is absent.
create function pg_temp.varint_field(message bytea, field int) returns bigint language plpgsql as $$
declare
    place  int := 0;
    tag    bigint;
    value  bigint;
    answer bigint := 0;
begin
    while place < octet_length(message) loop
        select it.place, it.value into place, tag from pg_temp.varint_at(message, place) it;
        case tag & 7
            when 0 then
                select it.place, it.value into place, value from pg_temp.varint_at(message, place) it;
                if tag >> 3 = field then
                    answer := value;
                end if;
            when 1 then place := place + 8;
            when 2 then
                select it.place, it.value into place, value from pg_temp.varint_at(message, place) it;
                place := place + value::int;
            when 5 then place := place + 4;
            else raise exception 'wire type % at byte %', tag & 7, place;
        end case;
    end loop;
    return answer;
end
$$;

with dossier as (
    select
        stream,
        bool_or(kind = 'chiso.dossiers.v1.DossierReceived') as received,
        -- Timeliness is the first field of DossierCompleted: 3 on time, 4 late.
        max(pg_temp.varint_field(payload, 1)) filter (where kind = 'chiso.dossiers.v1.DossierCompleted') as timeliness
    from eventlog.events
    where stream like 'dossier-%'
    group by stream
)
select
    count(*) filter (where received),
    count(*) filter (where timeliness = 3),
    count(*) filter (where timeliness = 4),
    count(*) filter (where received and timeliness is null)
from dossier;
