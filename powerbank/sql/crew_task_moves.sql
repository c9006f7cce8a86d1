-- Hold the tasks of the crew to the moves that `powerbank/crew/tasks/states.py` lists, and count the versions of a task.
CREATE OR REPLACE FUNCTION crew_task_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status || ' ' || NEW.status) NOT IN (
        'open claimed', 'open not_needed', 'open cancelled', 'claimed open', 'claimed begun', 'claimed to_verify',
        'claimed done', 'claimed not_needed', 'claimed cancelled', 'begun open', 'begun claimed', 'begun to_verify',
        'begun done', 'begun not_needed', 'begun cancelled', 'to_verify done', 'to_verify rejected',
        'done rejected') THEN
        RAISE EXCEPTION 'a task does not go from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER crew_task_moves BEFORE UPDATE ON crew_tasks
    FOR EACH ROW EXECUTE FUNCTION crew_task_moves();
