"""The list of incidents: words and chips, views, acts on many, storms, CSV, incidents by hand, empty states."""

import csv
import html
import io
import json
import re
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select, text, update

from gateway.acts import jobs as work
from gateway.flows import jobs
from gateway.lists.matching import SLACK
from gateway.store.db import db, transaction
from gateway.store.directory.people import bump
from gateway.store.incidents import jobs as store_jobs
from gateway.store.tables import Audit, Incident, PersonRow, Rhythm, SavedView, Source
from tests.browsing import Browser
from tests.integration.test_machine_api import Program
from tests.samples import alert, group

HX = {"HX-Request": "true"}


def numbers(page):
    return [int(one) for one in re.findall(r'<tr id="row-(\d+)"', page)]


def shown(browser, query="", **more):
    answer = browser.client.get("/incidents", query_string={"q": query, **more}, environ_overrides=browser.environ)
    assert answer.status_code == 200
    return sorted(numbers(answer.text))


def test_a_list_of_fixed_days_that_was_looked_at_before_shows_what_came_since(world, anna):
    """Its query is kept; how far the numbers went then is not."""
    world.alert(name="Before", fingerprint="b")
    world.clock.advance(hours=2)
    now = world.clock.now()
    ahead, behind = (at.isoformat(timespec="seconds") for at in (now.replace(year=2027), now.replace(year=2025)))
    since, until = (
        {"from": now.isoformat(timespec="seconds")},
        {"from": behind, "to": ahead, "sort": "age", "fold": "no"},
    )
    for query in (since, since | {"sort": "-alerts"}, until):
        shown(anna, **query)
    (first,) = world.alert(name="First", fingerprint="f")
    assert shown(anna, **since) == shown(anna, **since, sort="-alerts") == [first]
    newest = far(world, first)  # more than the numbers may be out of order
    assert newest in shown(anna, **until)
    assert newest in shown(anna, **since, sort="age", fold="no")


def far(world, number, more=SLACK + 1):
    """A new incident, as if so many had come in between."""
    (made,) = world.alert(name="Far", fingerprint="far")
    world.clock.advance(seconds=1)
    moved = {"far": number + more, "was": made}
    with transaction() as session:
        session.execute(text("UPDATE alert SET incident_id = NULL WHERE incident_id = :was"), moved)
        session.execute(text("UPDATE incident SET id = :far WHERE id = :was"), moved)
        session.execute(text("UPDATE alert SET incident_id = :far WHERE fingerprint = 'far'"), moved)
    return number + more


@pytest.mark.parametrize("query", ["", "-alerts", "age"])
def test_what_had_its_number_early_is_among_those_of_its_time(world, anna, query):
    """In a storm a process holds numbers for its next batch, while others hand out thousands."""
    (early,) = world.alert(name="Early", fingerprint="e")
    world.clock.advance(hours=2)
    begin = world.clock.now()
    late = far(world, early, 9 * 1000)
    with transaction() as session:
        session.execute(update(Incident).where(Incident.id == early).values(opened_at=world.clock.now()))
    sort = {"sort": query} if query else {}
    assert shown(anna, **{"from": begin.isoformat(timespec="seconds")}, **sort) == [early, late]


def test_a_page_that_begins_after_an_absurd_count_is_the_first_one(world, anna):
    numbers_ = world.alert()
    for after in ("9999999999.5", f"{2**31}.1", "0.999999999999999999", "x"):
        for sort in ("-alerts", "-urgency", "-age"):
            assert shown(anna, after=after, sort=sort) in (numbers_, []), (after, sort)


def test_a_long_question_means_the_same_live_in_a_file_and_to_whoever_acts_on_all_that_match(world, anna):
    """What were cut off would be conditions, and with fewer of these it is more incidents."""
    long = dict.fromkeys("abcde", "ж" * 130) | {"a": "x" * 46 + "ж" * 130}
    (meant,) = world.alert(name="Meant", fingerprint="m", **long, zone="here")
    (other,) = world.alert(name="Other", fingerprint="o", **long, zone="there")
    query = urlencode([("label", f"{name}={value}") for name, value in {**long, "zone": "here"}.items()])
    assert query.index("&label=zone") == 4000
    assert numbers(anna.get(f"/incidents?{query}").text) == [meant]
    live = anna.client.get("/live", query_string={"page": "incidents", "q": query, "since": "0"})
    assert numbers(live.text) == [meant]
    led = anna.press("/incidents/file", query=query).headers["Location"]
    assert [row[0] for row in csv.reader(io.StringIO(anna.get(led).text))][1:] == [str(meant)]
    anna.press("/incidents/bulk", do="acknowledge", all="yes", query=query)
    assert {one.id: one.status for one in world.incidents()} == {meant: "acknowledged", other: "triggered"}


def test_words_find_what_they_say(world, anna):
    (disk,) = world.alert(name="Disk", fingerprint="d", service="billing", cluster="a", env="prod")
    (net,) = world.alert(name="Net", fingerprint="n", service="mail", cluster="b", env="dev", severity="info")
    (other,) = world.alert(name="Old", fingerprint="o", service="billing", cluster="b")
    anna.press(f"/incidents/{disk}/assign", to="anna@example.org")
    anna.press(f"/incidents/{other}/resolve")
    cases = {
        "service:billing": [disk], "urgency:emergency": [disk], "urgency:4": [net], "cluster=a": [disk],
        "-env=dev": [disk],
        "cluster=~a|b env!~dev": [disk], "severity=critical": [disk], "cluster=a cluster=b": [], "assignee:me": [disk],
        "assignee:none": [net], "team:infra": [disk], "team:mine": [disk], "team:support": [net],
        "source:alertmanager": [disk, net], "from:-1h": [disk, net], "to:-1h": [], "status:resolved": [other],
        "status:all service:billing": [disk, other], "disk on": [disk], "service:mail disk": [], f"#{net}": [net],
        "nonsense:x service:mail": [net], "source:nowhere service:mail": [net], "sort:-alerts": [disk, net],
        "sort:-age": [disk, net], "status:suppressed": [], "sort:-alerts status:all": [disk, net, other],
        "from:-1h status:all team:infra": [disk, other],
    }  # fmt: skip
    assert {typed: shown(anna, typed) for typed in cases} == cases
    page = anna.get("/incidents?q=service:billing+colour:red+source:nowhere").text
    assert page.count('class="chip"') == 1
    assert page.count('class="chip bad"') == 2
    for words in ("There is no such word", "There is no source of that name", 'href="/incidents?service=billing'):
        assert words in page
    answer = anna.get("/incidents?q=service:billing+cluster%3Da+text", **HX)
    assert answer.headers["HX-Push-Url"] == "/incidents?service=billing&label=cluster%3Da&q=text"
    assert 'id="filter-line"' in answer.text
    answer = anna.get("/incidents?typing=1&q=text+service:bil", **HX)
    assert answer.headers["HX-Replace-Url"] == "/incidents?q=text"
    assert 'id="filter-line"' not in answer.text
    menu = anna.get("/incidents/facet?name=service&urgency=4", **HX).text
    assert re.findall(r"<span>(\w+)</span><span class=\"c\">(\d+)", menu) == [("mail", "1")]
    assert "<h1>Urgency</h1>" in anna.get("/incidents/facet?name=urgency").text
    for name in ("team", "assignee", "source"):
        assert "</li>" in anna.get(f"/incidents/facet?name={name}", **HX).text


def test_many_at_once_each_with_its_own_result_and_one_way_back(world, anna):
    made = [world.alert(name=name, fingerprint=name)[0] for name in "ABCD"]
    anna.press(f"/incidents/{made[0]}/resolve")
    world.clock.advance(seconds=1)
    answer = anna.press("/incidents/bulk", HX, do="acknowledge", n=made[:3], shown="")
    said = answer.headers["HX-Trigger"]
    assert f"Acknowledged: #{made[1]}, #{made[2]}. Skipped: #{made[0]} (already resolved)." in said
    assert numbers(answer.text) == [made[3], made[2], made[1]]
    token = re.search(r'"undo": "(\w+)"', said)[1]
    anna.press(f"/undo/{token}", HX)
    assert [one.status for one in world.incidents()] == ["resolved", "triggered", "triggered", "triggered"]
    world.clock.advance(seconds=1)
    place = anna.press("/incidents/bulk", do="snooze", n=[*made[:2], "x"], **{"for": "2h"}).headers["Location"]
    page = anna.get(place).text
    assert f"Snoozed: #{made[1]}. 1 was skipped: answered already." in page
    assert 'action="/undo/' in page
    anna.press("/incidents/bulk", do="assign", all="yes", query="status=open", to="oleg@example.org")
    assert [one.assignee_id is not None for one in world.incidents()] == [False, False, True, True]
    for wrong in ({"do": "explode"}, {"do": "assign", "to": "nobody@x"}, {"do": "snooze", "for": "soon"},
                  {"do": "resolve", "all": "yes", "query": "source=nowhere"}):  # fmt: skip
        assert anna.press("/incidents/bulk", n=made, **wrong).status_code == 400
    assert "Nothing was chosen" in anna.press("/incidents/bulk", HX, do="resolve", shown="").headers["HX-Trigger"]


def test_a_storm_is_one_line_and_resolving_many_is_asked_about(world, anna):
    alerts = [alert(name=f"Problem{n:03}", fingerprint=f"f{n}") for n in range(60)]
    world.post(group(*alerts))
    (calm,) = world.alert(name="Calm", fingerprint="calm", severity="info")
    page = anna.get("/incidents").text
    assert numbers(page) == [calm]
    assert "Storm: 60 incidents of alertmanager since" in page
    expand = re.search(r'class="ttl" href="([^"]*fold=no[^"]*)"', page)[1].replace("&amp;", "&")
    assert len(numbers(anna.get(expand).text)) == 50
    query = re.search(r'name="query" value="([^"]*fold=no[^"]*)"', page)[1].replace("&amp;", "&")
    answer = anna.press("/incidents/bulk", HX, do="resolve", all="yes", query=query, shown="")
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#flash-err")
    assert "60 incidents would be resolved at once." in answer.text
    assert anna.press("/incidents/bulk", do="resolve", all="yes", query=query).status_code == 409
    answer = anna.press("/incidents/bulk", HX, do="acknowledge", all="yes", query=query, shown="")
    assert answer.status_code == 202
    jobs.turn(world.app.extensions["gateway"])
    answer = anna.get(job_in(answer.text), **HX)
    assert "Acknowledged: 60 incidents." in answer.headers["HX-Trigger"]
    page = anna.get("/incidents?status=open").text
    assert numbers(page) == [calm]
    assert ">60</span>" in page


def test_a_hundred_and_twenty_at_once_of_which_two_are_over(world, anna):
    alerts = [alert(name=f"P{n:03}", fingerprint=f"p{n}") for n in range(120)]
    made = sorted(world.post(group(*alerts)).json["incidents"])
    asked = {"do": "acknowledge", "n": made, "shown": ""}
    for number in made[:2]:
        world.resolves(number)  # by somebody else, meanwhile
    answer = anna.press("/incidents/bulk", HX, **asked)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (202, "#job")
    place = job_in(answer.text)
    (number,) = store_jobs.waiting(db.session())
    assert "0 of 120" in anna.get(place, **HX).text
    world.clock.advance(seconds=6)
    assert "No worker has begun yet. Nothing has been changed so far." in anna.get(place).text
    assert work.portion(number, world.clock.now())
    half = anna.get(place)
    assert ("20 of 120" in half.text, half.headers["Refresh"]) == (True, "2")
    assert "20 of 120" in anna.get("/incidents").text  # wherever one comes back
    assert [one.status for one in world.incidents()].count("acknowledged") == 18
    oleg = Browser(world.app, "192.0.2.7")
    oleg.sign_in("oleg@example.org")
    assert oleg.get(place).status_code == 404
    assert "of 120" not in oleg.get("/incidents").text
    assert ("20 of 120" in anna.get("/me/jobs").text, "of 120" in oleg.get("/me/jobs").text) == (True, False)
    jobs.turn(world.app.extensions["gateway"])
    over = anna.get(place, **HX)
    assert 'id="job"></div>' in over.text
    said = json.loads(over.headers["HX-Trigger"])["nabat:said"]
    assert said["refresh"] is True
    assert "Acknowledged: 118 incidents." in anna.get(place).text
    waits = anna.get("/me/jobs").text  # what came of it, for whoever has left the page
    assert "Acknowledged: 118 incidents." in waits
    assert f'href="{place}?back=/me/jobs"' in waits
    assert said["text"] == f"Acknowledged: 118 incidents. Skipped: #{made[0]}, #{made[1]} (already resolved)."
    assert [one.status for one in world.incidents()] == ["resolved"] * 2 + ["acknowledged"] * 118
    anna.press(said["undo"] if said["undo"].startswith("/") else f"/undo/{said['undo']}", HX)
    assert [one.status for one in world.incidents()] == ["resolved"] * 2 + ["triggered"] * 118
    assert anna.press("/incidents/bulk", do="snooze", **{"for": "never"}, n=made).status_code == 400
    assert anna.press("/incidents/bulk", do="assign", to="nobody@example.org", n=made).status_code == 400
    plain = anna.press("/incidents/bulk", do="assign", to="oleg@example.org", n=made, back="/incidents?status=open")
    assert plain.status_code == 303
    jobs.turn(world.app.extensions["gateway"])
    page = anna.get(plain.headers["Location"]).text
    assert "Assigned: 118 incidents." in page
    assert 'href="/incidents?status=open"' in page


def test_what_cannot_be_done_holds_up_nothing_else(world, anna):
    alerts = [alert(name=f"P{n:03}", fingerprint=f"p{n}") for n in range(60)]
    made = sorted(world.post(group(*alerts)).json["incidents"])
    with transaction() as session:
        session.execute(update(Incident).where(Incident.id == made[0]).values(route="{broken"))
    answer = anna.press("/incidents/bulk", HX, do="acknowledge", n=made, shown="")
    jobs.turn(world.app.extensions["gateway"])
    said = json.loads(anna.get(job_in(answer.text), **HX).headers["HX-Trigger"])["nabat:said"]["text"]
    assert said == f"Acknowledged: 59 incidents. Skipped: #{made[0]} (it could not be done)."


def test_an_act_on_many_ends_with_the_right_to_it(world, anna):
    """It was promised; by the time a worker comes to it, or in its midst, whoever asked for it may only look."""
    alerts = [alert(name=f"P{n:03}", fingerprint=f"p{n}") for n in range(60)]
    made = sorted(world.post(group(*alerts)).json["incidents"])
    anna.press("/incidents/bulk", HX, do="resolve", n=made, sure="yes", shown="")
    (number,) = store_jobs.waiting(db.session())
    assert work.portion(number, world.clock.now())
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "anna@example.org").values(role="viewer"))
        bump(session, world.clock.now())
    jobs.turn(world.app.extensions["gateway"])
    assert not store_jobs.waiting(db.session())
    assert [one.status for one in world.incidents()] == ["resolved"] * 20 + ["triggered"] * 40


def sixty(world, anna, do="acknowledge"):
    """An act on sixty incidents, promised: its page and its number."""
    alerts = [alert(name=f"P{n:03}", fingerprint=f"p{n}") for n in range(60)]
    made = sorted(world.post(group(*alerts)).json["incidents"])
    answer = anna.press("/incidents/bulk", HX, do=do, n=made, shown="", sure="yes")
    (number,) = store_jobs.waiting(db.session())
    return job_in(answer.text), number


def test_what_no_worker_has_done_in_a_quarter_of_an_hour_is_done_no_more(world, anna):
    place, _ = sixty(world, anna)
    world.clock.advance(minutes=14)
    assert "Not done" not in anna.get("/me/jobs").text
    world.clock.advance(minutes=2)
    words = "Not done: no worker was running. Nothing was changed of 60 incidents, nor will be."
    for page in ("/me/jobs", place):  # though no worker has noticed it yet
        assert words in anna.get(page).text
    assert "hx-get" not in anna.get(place, **HX).text
    jobs.turn(world.app.extensions["gateway"])
    assert not store_jobs.waiting(db.session())
    assert {one.status for one in world.incidents()} == {"triggered"}
    assert words in anna.get("/me/jobs").text
    (row,) = db.session.scalars(select(Audit).where(Audit.action == "act not done"))
    assert (row.actor, row.target, row.detail["act"]) == ("anna@example.org", "60 incidents", "acknowledge")


def test_undo_stops_an_act_that_is_under_way_and_takes_back_what_was_done(world, anna):
    place, number = sixty(world, anna, "resolve")
    assert work.portion(number, world.clock.now())
    assert [one.status for one in world.incidents()].count("resolved") == 20
    undo = f"/undo/{place.rpartition('/')[2]}"
    assert f'action="{undo}"' in anna.get(place, **HX).text
    anna.press(undo, HX)
    assert {one.status for one in world.incidents()} == {"triggered"}
    jobs.turn(world.app.extensions["gateway"])
    assert {one.status for one in world.incidents()} == {"triggered"}
    assert "Stopped: nothing was changed of 40 incidents." in anna.get("/me/jobs").text
    assert db.session.scalars(select(Audit.target).where(Audit.action == "act stopped")).all() == ["40 incidents"]
    assert "already" in anna.press(undo, HX).headers["HX-Trigger"]

    made = [one.id for one in world.incidents()]  # before any of it was done
    token = job_in(anna.press("/incidents/bulk", HX, do="acknowledge", n=made, shown="").text).rpartition("/")[2]
    said = anna.press(f"/undo/{token}", HX).headers["HX-Trigger"]
    assert "Stopped: nothing was changed of 60 incidents." in said
    jobs.turn(world.app.extensions["gateway"])
    assert {one.status for one in world.incidents()} == {"triggered"}


def job_in(page):
    return re.search(r'hx-get="(/incidents/jobs/[^"]+)"', page)[1]


def test_saved_views(world, anna):
    world.alert()
    oleg = Browser(world.app, "192.0.2.7")
    oleg.sign_in("oleg@example.org")
    place = anna.press("/incidents/views", name="Ours <b>", team="infra", query="status=all&service=x&evil=1").headers
    assert place["Location"] == "/incidents?status=all&service=x&view=1"
    assert "Ours &lt;b&gt;" in oleg.get("/incidents").text
    assert anna.press("/incidents/views", name="Theirs", team="support", query="").status_code == 403
    anna.press("/incidents/views", name="Mine", query="status=ack")
    assert "view=2" not in oleg.get("/incidents").text
    for what in ("rename", "delete", "save"):
        assert oleg.press(f"/incidents/views/2/{what}", name="x").status_code == 404
    page = anna.get("/incidents?status=ack&urgency=1&view=2").text
    assert "<b>Mine (changed)</b>" in page
    anna.press("/incidents/views/2/save", query="status=ack&urgency=emergency")
    oleg.press("/incidents/views/1/rename", name="All of ours")
    kept = db.session.scalars(select(SavedView).order_by(SavedView.id)).all()
    assert [(one.name, one.query) for one in kept] == [
        ("All of ours", "status=all&service=x"), ("Mine", "status=ack&urgency=emergency")
    ]  # fmt: skip
    anna.press("/incidents/home", view="2")
    assert anna.get("/").headers["Location"] == "/incidents?status=ack&urgency=emergency&view=2"
    place = anna.press("/incidents/views/2/delete").headers["Location"]
    assert anna.get("/").headers["Location"] == "/incidents"
    assert "The view “Mine” is deleted." in anna.get(place).text
    assert "is deleted" not in oleg.get(place).text
    assert oleg.press("/incidents/views/undo").headers["Location"].endswith("&view=1")  # their own: the new name
    assert db.session.get(SavedView, 1, populate_existing=True).name == "Ours <b>"
    anna.press("/incidents/views/undo")
    assert anna.get("/").headers["Location"] == "/incidents?status=ack&urgency=emergency&view=2"
    assert anna.press("/incidents/views/undo").status_code == 404
    anna.press("/incidents/views/2/delete")
    world.clock.advance(minutes=11)
    assert anna.press("/incidents/views/undo").status_code == 404  # too late
    oleg.press("/incidents/views/1/rename", name="New")
    anna.press("/incidents/views/1/delete")
    assert oleg.press("/incidents/views/undo").status_code == 404  # a rename brings back nothing that another deleted
    anna.press("/incidents/views/undo")
    assert db.session.get(SavedView, 1, populate_existing=True).name == "New"
    assert anna.press("/incidents/home", view="2").status_code == 404
    anna.press("/incidents/home", view="night")
    assert anna.get("/").headers["Location"].startswith("/incidents?status=all&from=yesterday-22%3A00")
    assert anna.press("/incidents/views", name=" ", query="").status_code == 400
    for key in ("mine", "assigned", "emergencies", "night"):
        assert f"view={key}" in anna.get("/incidents").text


def test_the_list_as_csv(world, anna):
    body = {**alert(service="=cmd()"), "annotations": {"summary": '+7 lines, "quoted"\nx'}}
    (number,) = world.post(group(body)).json["incidents"]
    world.alert(name="B", fingerprint="b")
    answer = anna.get("/incidents.csv?urgency=emergency&sort=-age")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["number"] for row in rows] == [str(number), str(number + 1)]
    assert (rows[0]["service"], rows[0]["title"][:3], rows[0]["opened"][-6:]) == ("'=cmd()", "'+7", "+03:00")
    assert anna.get("/incidents.csv?q=nothing").text.count("\n") == 1


def test_an_incident_by_hand_takes_every_alerts_way(staffed, anna):
    form = {"title": "Smoke in the server room", "urgency": "emergency", "service": "site", "text": "I smell it"}
    assert "it needs a title" in anna.press("/incidents/new", **{**form, "title": " "}).text
    place = anna.press("/incidents/new", **form).headers["Location"]
    anna.press("/incidents/new", **form)  # another one: nobody knows that it is the same
    first, second = staffed.incidents()
    assert place == f"/incidents/{first.id}"
    assert (first.title, first.urgency, first.service, first.level) == (form["title"], 0, "site", 1)
    assert {one.way for one in staffed.deliveries(incident_id=first.id)} >= {"voice"}
    page = anna.get(place).text
    assert "I smell it" in page
    assert second.dedup_key != first.dedup_key
    assert anna.press(f"/incidents/{first.id}/resolve").status_code == 302
    assert "people" not in anna.get("/incidents").text.partition("Heard from")[2].partition("</div>")[0]


def test_a_form_that_is_sent_again_opens_nothing_again(staffed, anna):
    page = anna.get("/incidents/new").text
    (key,) = re.findall(r'name="once" value="([^"]{8,})"', page)
    form = {"title": "Smoke in the server room", "urgency": "emergency", "once": key}
    places = []
    for _ in range(3):
        places.append(anna.press("/incidents/new", **form).headers["Location"])
        staffed.clock.advance(seconds=3)
    (one,) = staffed.incidents()
    assert places == [f"/incidents/{one.id}"] * 3
    assert one.alert_count == 1
    assert len([each for each in staffed.deliveries(incident_id=one.id) if each.way == "voice"]) == 1
    with transaction() as session:
        assert session.scalar(select(func.count()).where(Audit.action == "incident opened")) == 1
    anna.press("/incidents/new", **{**form, "title": "Smoke in the kitchen"})  # back to the form, and other words
    assert len(staffed.incidents()) == 2
    staffed.resolves(one.id)
    anna.press("/incidents/new", **form)  # it is over, and somebody says that it is not
    assert len(staffed.incidents()) == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_it_says_when_there_is_nothing_and_how_it_looks(world, anna):
    (number,) = world.alert()
    assert "1 unresolved without the filter." in anna.get("/incidents?service=none").text
    anna.press(f"/incidents/{number}/resolve")
    page = anna.get("/incidents").text
    assert "All quiet" in page
    assert "Suppressed" in page
    with transaction() as session:
        source = session.scalars(select(Source.id).where(Source.kind == "alertmanager")).one()
        at = world.clock.now()
        session.add(Rhythm(source_id=source, last_at=at, pauses={"2026-12-04": 30}, silent_at=at))
    world.clock.advance(minutes=11)
    assert (
        "alertmanager has sent nothing for 11 min (it was never quiet for longer than 30 s)"
        in anna.get("/incidents").text
    )
    place = anna.press("/incidents/density", density="compact", back="/incidents?status=all")
    assert (place.status_code, place.headers["Location"]) == (302, "/incidents?status=all")
    assert 'class="card listcard compact"' in anna.get("/incidents").text
    assert 'class="card listcard comfortable"' in anna.get("/incidents?density=comfortable").text
    with transaction() as session:
        session.execute(update(PersonRow).where(PersonRow.email == "anna@example.org").values(role="viewer"))
        session.execute(update(Incident).values(status="triggered", alert_count=2))
    page = anna.get("/incidents").text
    assert numbers(page) == [number]
    for control in ("bulk", "checkbox", "/incidents/new", "data-do"):
        assert control not in page.partition("<main")[2].partition("</main>")[0].replace("data-bulk", ""), control
    assert "class=spark" in page


def test_when_nothing_matches_the_part_that_takes_away_most_is_named(world, anna):
    for name, service, severity in (("A", "mail", "info"), ("B", "mail", "info"), ("C", "billing", "info")):
        world.alert(name=name, fingerprint=name, service=service, severity=severity)

    def said(query):
        page = anna.get(f"/incidents?{query}").text
        assert "No incident matches" in page
        return [html.unescape(one) for one in re.findall(r"filter\. (.*?)</p><a[^>]*href=\"([^\"]*)\"", page)[0]]

    both = said("service=mail&q=billing&urgency=ordinary")
    assert both == ["“billing” takes away most: 2 without it.", "/incidents?urgency=ordinary&service=mail"]
    text = said("urgency=emergency&service=mail")
    assert text == ["urgency:emergency takes away most: 2 without it.", "/incidents?service=mail"]
    assert "takes away most" not in anna.get("/incidents?service=nobody").text  # the only part
    assert "takes away most" not in anna.get("/incidents?service=x&label=a%3Db&q=y").text  # all of them do
    anna.press("/me", language="ru", theme="")
    assert "Больше всего убирает urgency:emergency: без этого — 2." in anna.get(
        "/incidents?urgency=emergency&service=mail"
    ).text  # fmt: skip


def test_lists_without_an_end_tell_their_number_to_who_points_at_them(world, anna):
    def told():
        return re.findall(r'class="c at" data-n="([^"]*)"', anna.get("/incidents").text)

    (first,), (second,) = world.alert(), world.alert(name="Other", fingerprint="o")
    world.resolves(first)
    assert told() == ["1", "2"]
    world.resolves(second)
    assert told() == ["2", "2"]
    with transaction() as session:
        row = session.get(Incident, first)
        plain = {column.name: getattr(row, column.name) for column in Incident.__table__.columns}
        many = [{**plain, "id": 100 + n, "uuid": f"u{n}"} for n in range(1100)]
        session.execute(Incident.__table__.insert(), many)
    assert told() == ["1\u202f000+", "1\u202f000+"]


def test_a_list_that_grows_replaces_its_address(world, anna):
    world.alert()
    grown = anna.get("/incidents?rows=100", **HX, **{"HX-Trigger": "more"})
    assert grown.headers["HX-Replace-Url"] == "/incidents?rows=100"
    assert 'id="filter"' not in grown.text  # somebody may be typing there
    assert anna.get("/incidents?rows=100", **HX).headers["HX-Push-Url"] == "/incidents?rows=100"


def test_the_tabs_count_no_further_than_a_thousand(world, anna):
    world.alert()
    with transaction() as session:
        row = session.scalars(select(Incident)).one()
        plain = {column.name: getattr(row, column.name) for column in Incident.__table__.columns}
        many = [{**plain, "id": 100 + n, "uuid": f"u{n}", "dedup_key": f"k{n}"} for n in range(1001)]
        session.execute(Incident.__table__.insert(), many)
    page = anna.get("/incidents").text
    assert page.count(">1\u202f000+</span>") >= 3
    assert "<title>Incidents (1\u202f000+)" in page
    grown = re.search(r'id="more" href="([^"]*)"', page)
    assert grown[1] == "/incidents?rows=100"


def test_what_has_no_name_is_found_by_the_one_that_reports_give_it(world):
    one = alert(fingerprint="nameless")
    del one["labels"]["alertname"]
    one["annotations"] = {"summary": "Nobody named me"}
    (number,) = world.post(group(one)).json["incidents"]
    named = world.incident().alert_name
    world.alert(name="Named", fingerprint="named")
    program = Program(world, "read")
    for name, found in ((named, [number]), ("Nobody", [])):
        answer = program.get("/incidents/search", query=urlencode({"label": f'alertname="{name}"'}))
        assert [each["id"] for each in answer.json["incidents"]] == found
