"""Messages that failed are sent once more: one, or several that were chosen in the list."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.blueprint import bp
from dashboard.deliveries import views
from dashboard.deliveries.views import NUMBER
from dashboard.page import draw, reader_of
from gateway.access.auth import WAY, Visit, require
from gateway.actions import Actor
from gateway.acts import resending
from rules.words import Role


@bp.post(f"/deliveries/{NUMBER}/resend")
@require(Role.ADMIN)
def delivery_resend(visit: Visit, number: int) -> ResponseReturnValue:
    views.whole(visit, number)  # 404 for what is not there
    done = resending.resend([number], _actor(visit), visit.now)
    if done.done:
        return redirect(url_for("dashboard.delivery", number=number, done=1))
    wrong = reader_of(visit).say(done.left[0][1])
    return draw(visit, "pages/delivery.html", views.whole(visit, number, wrong), 409)


@bp.post("/deliveries/resend")
@require(Role.ADMIN)
def deliveries_resend(visit: Visit) -> ResponseReturnValue:
    given = [text for text in request.form.getlist("id") if text.isascii() and text.isdigit() and len(text) < 19]
    done = resending.resend({int(text) for text in given}, _actor(visit), visit.now) if given else resending.Resent()
    return redirect(f"/deliveries?status=failed&done={len(done.done)}&left={len(done.left)}")


def _actor(visit: Visit) -> Actor:
    person = visit.person
    return Actor(person.name or person.email, WAY, person.person_id, person.email)


def _marked() -> tuple[str, ...]:
    """For the catalogue only: the texts that are looked up by a variable."""
    _ = str
    return (
        _("it did not fail"), _("what was in this roll-up goes its own way again"),
        _("nobody is called about this incident now: it is answered, asleep or over"),
    )  # fmt: skip
