"""Who is told of a step, by which way, and who is not and why. Pure: step, route, people, time in; notices out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rules.duty.oncall import on_call, passed_over
from rules.duty.personal import INTERRUPTING, Why, plan, quiet_until
from rules.ways import CHANNELS_OF_WAY, Way
from rules.words import Also, Contact, Directory, Notice, NotTold, Person, Role, Route, Step, Urgency

GONE = "has left: whoever the rotations name is told instead"
NONE_FITS = "no verified contact for the ways of their own rules: told as the class"


@dataclass(frozen=True, slots=True)
class Audience:
    """What one step of a ladder comes to at one moment.

    `notices` are sent now. `fallback` is for later, in the order in which it is tried. `fell_back` means that nobody of
    the step has an address for the ways of the class itself, so `notices` already are the fallback: the ladder must
    not wait for such a step. `also` is told beside it, of other routes, and nothing waits for it. `later` is told when
    its time comes, unless somebody has answered: as a person's own rules say, or after their quiet hours.
    """

    notices: tuple[Notice, ...] = ()
    fallback: tuple[Notice, ...] = ()
    not_told: tuple[NotTold, ...] = ()
    fell_back: bool = False
    also: tuple[Notice, ...] = ()
    later: tuple[Notice, ...] = ()

    @property
    def told(self) -> tuple[Notice, ...]:
        return (*self.notices, *self.later, *self.also)


@dataclass(frozen=True, slots=True)
class _Target:
    """One address book: a person, or a team as such."""

    who: str
    name: str
    contacts: tuple[Contact, ...]
    person: Person | None = None


def audience(step: Step, route: Route, directory: Directory, at: datetime, *, personal: bool = True) -> Audience:
    """Whom `step` reaches at `at`; if it reaches nobody, the administrators, so that nothing is missed silently.

    `personal`: people's own notification rules and quiet hours are asked. They speak of pages, not of news.
    """
    found = _audience(step, route, directory, at, personal=personal)
    for also in step.also:
        found = _joined(found, also, route, directory, at)
    return found


def _joined(found: Audience, also: Also, route: Route, directory: Directory, at: datetime) -> Audience:
    """With those whom another route tells by its own ways; a contact that is told already is not told twice."""
    targets, not_told = _targets(also.notify, directory, at)
    beside = _addressed(targets, replace(route, channels=also.channels, fallback=also.fallback), not_told)
    known = {(one.contact.channel, one.contact.address_id) for one in found.told}
    fresh = tuple(one for one in beside.notices if (one.contact.channel, one.contact.address_id) not in known)
    return replace(found, also=(*found.also, *fresh), not_told=(*found.not_told, *beside.not_told))


def _audience(step: Step, route: Route, directory: Directory, at: datetime, *, personal: bool) -> Audience:
    targets, not_told = _targets(step.notify, directory, at)
    found = _addressed(targets, route, not_told)
    if personal and any(one.person and (one.person.wishes or one.person.quiet) for one in targets):
        found = _personally(found, targets, route, at)
    if not found.notices and not found.later:
        rescue, _ = _targets(("role:admin",), directory, at)
        told = _addressed(rescue, route, list(found.not_told), instead=True)
        then = "the administrators are told instead" if told.notices else "and no administrator has a contact either"
        why = NotTold("policy", f"nobody on this step can be reached: {then}")
        return replace(told, not_told=(*told.not_told, why))
    return found


def one_person(email: str, route: Route, directory: Directory, at: datetime) -> Audience:
    """How this one person is reached about it, and nobody instead of them."""
    targets, not_told = _targets((f"person:{email}",), directory, at)
    return _addressed(targets, route, not_told)


def unless_asleep(found: Audience, email: str, route: Route, directory: Directory, at: datetime) -> Audience:
    """The same, by their quiet hours; of an emergency nothing waits, since it is they alone who are told."""
    targets, _ = _targets((f"person:{email}",), directory, at)
    reasons = list(found.not_told)
    now, held = _quiet(found.notices, targets, route, at, reasons)
    return replace(found, notices=tuple(now), later=tuple(held), not_told=tuple(reasons))


def reaches(step: Step, route: Route, directory: Directory, at: datetime) -> bool:
    """Whether anybody whom the step itself names can be told."""
    targets, not_told = _targets(step.notify, directory, at)
    return bool(_addressed(targets, route, not_told).notices)


def notices(step: Step, route: Route, directory: Directory, at: datetime) -> tuple[list[Notice], list[NotTold]]:
    """The same for those who only want to show it (rules explain)."""
    found = audience(step, route, directory, at)
    return list(found.told), list(found.not_told)


def _addressed(targets: Sequence[_Target], route: Route, not_told: list[NotTold], *, instead: bool = False) -> Audience:
    primary = _by_ways(targets, route.channels)
    fallback = _by_ways(targets, route.fallback)
    reached = {notice.who for notice in primary}
    lonely = [target for target in targets if target.who not in reached]
    reasons = [*not_told, *(_nothing_for(target, route) for target in lonely)]
    if primary:
        # Who has no address for the class's own ways is told by the fallback at once: waiting would help nobody.
        at_once = tuple(notice for notice in fallback if notice.who not in reached)
        later = tuple(notice for notice in fallback if notice.who in reached)
        return Audience((*primary, *at_once), later, tuple(reasons), fell_back=instead)
    return Audience(tuple(fallback), (), tuple(reasons), fell_back=True)


def _personally(found: Audience, targets: Sequence[_Target], route: Route, at: datetime) -> Audience:
    """The same with everybody's own rules in place of the class's ways, and with quiet hours kept."""
    at_once, later, reasons, by_own_rules = list(found.notices), list[Notice](), list(found.not_told), list[_Target]()
    for target in targets:
        wishes = target.person.wishes_for(route.urgency) if target.person else ()
        own = _own(target, route) if wishes else []
        if wishes and not own:
            reasons.append(NotTold(target.who, NONE_FITS))
        elif own:
            by_own_rules.append(target)
            mine = set(map(_address, own))
            at_once = [one for one in at_once if one.who != target.who]
            taken = set(map(_address, (*at_once, *later)))
            own = [one for one in own if _address(one) not in taken]
            reasons = [one for one in reasons if one.who != target.who]
            at_once += [one for one in own if not one.after]
            later += [one for one in own if one.after]
            fallback = (one for one in found.fallback if one.who != target.who or _address(one) not in mine)
            found = replace(found, fallback=tuple(fallback))
    # An address that two share is told for the one without rules as it was to be, whatever the other's rules say.
    others, known = [one for one in targets if one not in by_own_rules], set(map(_address, at_once))
    at_once += [one for one in _addressed(others, route, []).notices if _address(one) not in known]
    at_once, held = _quiet(at_once, targets, route, at, reasons)
    now = set(map(_address, at_once))
    later = [one for one in later if _address(one) not in now]
    later, held_later = _quiet(later, targets, route, at, reasons, others=at_once)
    fell_back = not at_once or (found.fell_back and not any(one.own for one in at_once))
    waiting, said = (*later, *held, *held_later), tuple(dict.fromkeys(reasons))
    return replace(found, notices=tuple(at_once), later=waiting, not_told=said, fell_back=fell_back)


def _address(one: Notice) -> tuple[str, str]:
    return one.contact.channel, one.contact.address_id


def _own(target: _Target, route: Route) -> list[Notice]:
    """One target's notices by their own rules, the floor's among them. Nothing if no address fits any wish."""
    assert target.person is not None
    told: dict[tuple[str, str], Notice] = {}
    timed = plan(target.person.wishes_for(route.urgency), route.floor)
    for one in timed:
        for contact in target.contacts:
            if contact.channel in CHANNELS_OF_WAY[one.way] and contact.verified:
                notice = replace(_notice(target, contact, one.way), after=one.after, own=True)
                told.setdefault(_address(notice), notice)
    found = list(told.values())
    if not any(one.why is not Why.MISSING and notice.way is one.way for one in timed for notice in found):
        return []
    first = min(notice.after for notice in found)
    # Whose first way has no address is told by the next one at once: a step begins with somebody being told.
    return [replace(notice, after=timedelta()) if notice.after == first else notice for notice in found]


def _quiet(
    notices: Sequence[Notice], targets: Sequence[_Target], route: Route, at: datetime, reasons: list[NotTold],
    others: Sequence[Notice] = (),
) -> tuple[list[Notice], list[Notice]]:  # fmt: skip
    """What goes out as it is, and what waits for the end of its reader's quiet hours.

    Of an emergency nothing waits, unless somebody else is told of it at once by a way that wakes.
    """
    out, held = list(notices), list[Notice]()
    for target in reversed(targets):
        until = quiet_until(target.person, at) if target.person else None
        mine = [one for one in out if one.who == target.who and one.way in INTERRUPTING]
        if until is None or not mine:
            continue
        soonest, besides = min(one.after for one in mine), (one for one in (*out, *others) if one.who != target.who)
        awake = [one for one in besides if one.way in INTERRUPTING and one.after <= soonest]
        if route.urgency is Urgency.EMERGENCY and not awake:
            reasons.append(NotTold(target.who, "quiet hours do not hold: it is an emergency and nobody else is told"))
            continue
        mine = [one for one in mine if at + one.after < until]
        out = [one for one in out if one not in mine]
        held += [replace(one, after=max(one.after, until - at), held=True) for one in mine]
        if mine:
            quietly = _by_ways([target], (Way.EMAIL,)) if Way.EMAIL in (*route.channels, *route.fallback) else []
            out += [one for one in quietly if not others and _address(one) not in set(map(_address, out))]
            ways = ", ".join(dict.fromkeys(one.way.value for one in mine))
            reasons.append(NotTold(target.who, f"quiet hours: {ways} only when they end, unless it is answered"))
    return out, held


def _nothing_for(target: _Target, route: Route) -> NotTold:
    ways = ", ".join(route.channels)
    then = " or ".join(route.fallback)
    if _by_ways([target], route.fallback):
        return NotTold(target.who, f"no verified contact for {ways}: told by {then} at once")
    return NotTold(target.who, f"no verified contact for {ways}{' or ' + then if then else ''}")


def _by_ways(targets: Iterable[_Target], ways: Iterable[Way]) -> list[Notice]:
    """One notice per target and address; an address that two targets share is told once."""
    told: dict[tuple[str, str], Notice] = {}
    everyone = list(targets)
    for way in ways:
        for target in everyone:
            for contact in target.contacts:
                if contact.channel in CHANNELS_OF_WAY[way] and contact.verified:
                    told.setdefault((contact.channel, contact.address_id), _notice(target, contact, way))
    return list(told.values())


def _notice(target: _Target, contact: Contact, way: Way) -> Notice:
    person = target.person
    if person is None:
        return Notice(target.who, target.name, contact, way)
    return Notice(target.who, target.name, contact, way, person.id, person.timezone, person.language)


def _targets(names: Iterable[str], directory: Directory, at: datetime) -> tuple[list[_Target], list[NotTold]]:
    found: dict[str, _Target] = {}
    not_told: list[NotTold] = []
    for name in names:
        for item in _resolve(name, directory, at):
            if isinstance(item, NotTold):
                not_told.append(item)
            else:
                found.setdefault(item.who, item)
    return list(found.values()), not_told


def _resolve(name: str, directory: Directory, at: datetime) -> list[_Target | NotTold]:
    kind, _, rest = name.partition(":")
    if kind == "person":
        return [_person(rest, directory)]
    if kind == "role":
        admins = [person for person in directory.people.values() if person.role == rest]
        return [_target(person, directory) for person in admins] or [NotTold(name, "nobody has this role")]
    if kind == "team":
        return _team(rest, directory)
    schedule = directory.schedules.get(rest)
    if schedule is None:
        return [NotTold(name, "there is no such schedule")]
    email, gone = on_call(schedule, at), passed_over(schedule, at)
    told = _person(email, directory, schedule.team) if email else NotTold(name, "nobody is on call at this time")
    return [NotTold(gone, GONE), told] if gone else [told]


def _team(name: str, directory: Directory) -> list[_Target | NotTold]:
    """A team's own addresses and every member by theirs."""
    team = directory.teams.get(name)
    if team is None:
        return [NotTold(f"team:{name}", "there is no such team")]
    # A team's PagerDuty key stands in for members without one (_target); beside theirs it would call them twice.
    shared = tuple(contact for contact in team.contacts if contact.channel != "pagerduty" or not team.members)
    own: list[_Target | NotTold] = [_Target(f"team:{name}", name, shared)] if shared else []
    return [*own, *(_person(email, directory, name) for email in team.members)] or [
        NotTold(f"team:{name}", "the team has no members and no address")
    ]


def _person(email: str, directory: Directory, team: str = "") -> _Target | NotTold:
    person = directory.people.get(email)
    if person is None:
        return NotTold(email, "there is no such person")
    if person.role is Role.VIEWER:
        return NotTold(email, "a viewer is never paged")
    return _target(person, directory, team)


def _target(person: Person, directory: Directory, team: str = "") -> _Target:
    """A person's addresses; one without a PagerDuty key of their own is called by the key of their team."""
    contacts = person.contacts
    if not any(contact.channel == "pagerduty" for contact in contacts):
        contacts = (*contacts, *_team_keys(person.email, directory, team))
    return _Target(person.email, person.name, contacts, person)


def _team_keys(email: str, directory: Directory, team: str) -> tuple[Contact, ...]:
    """The PagerDuty key of `team`, or of the first team the person belongs to that has one."""
    named = [directory.teams[team]] if team in directory.teams else []
    teams = [*named, *(other for other in directory.teams.values() if email in other.members)]
    for candidate in teams:
        keys = tuple(contact for contact in candidate.contacts if contact.channel == "pagerduty")
        if keys:
            return keys
    return ()
