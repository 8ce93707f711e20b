"""What one message changes in what is known of its alert: when it fires, its words, whether it is muted."""

from gateway.store.incidents.alerts import Known, Ready
from gateway.store.types import micros
from rules.episodes import NEVER, TOUCH
from rules.words import Alert


def listen(known: Known, alert: Alert, at: int, *, was: bool) -> bool:
    """The alert's maxima take the message in. A time that cannot be trusted starts and ends no episode wrongly."""
    starts = micros(alert.starts_at)
    if alert.touch:
        return known.episodes.hear_firing(TOUCH)
    if alert.firing:
        return known.episodes.hear_firing(known.episodes.fired if alert.clock_suspect and was else starts)
    if alert.clock_suspect:
        starts = max(known.episodes.fired, NEVER) if was else starts
    ends = micros(alert.ends_at) if alert.ends_at else starts
    # An end that is yet to come (a clock ahead, a typing error) must not silence the episodes until then.
    known.episodes.hear_resolved(starts, min(ends, max(starts, at)))
    return False


def remember_words(known: Known, ready: Ready, at: int) -> None:
    """The last words win; of a ticket those with the newest updated_at. An end may have none of its own."""
    alert = ready.alert
    if not alert.firing and not alert.labels and alert.ticket is None and (known.id is not None or known.words):
        known.dirty = True
        return
    word_at = micros(alert.ticket.updated_at) if alert.ticket and alert.ticket.updated_at else at
    if alert.ticket is None or word_at >= known.word_at:
        known.words, known.word_at = ready, word_at
    known.dirty = True


def speaks(known: Known, alert: Alert, *, new: bool) -> bool:
    """Whether it says that something fires which nobody muted. What clears, or fires anew, is no longer muted."""
    anew = new and (alert.ticket is None or alert.ticket.event == "reopened")
    if known.muted and (anew or not known.firing):
        known.muted, known.cleared = False, True
    return alert.firing and not alert.touch and not known.muted
