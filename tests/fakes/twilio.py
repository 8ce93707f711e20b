"""Twilio's Messages API on loopback: a form in, a sid or a numbered refusal out."""

from tests.fakes.http import FakeServer, reply

ACCOUNT = "AC" + "0" * 32
BAD_NUMBER, OPTED_OUT, TOO_LONG = 21211, 21610, 21617


def refusal(code, message, status=400):
    more = f"https://www.twilio.com/docs/errors/{code}"
    return reply(status, {"code": code, "message": message, "more_info": more, "status": status})


class FakeTwilio(FakeServer):
    def __init__(self, **options):
        super().__init__(self._judge, **options)

    @property
    def texts(self):
        return [asked.form() for asked in self.requests]

    def _judge(self, asked):
        form = asked.form()
        if asked.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            return refusal(20404, "The requested resource was not found", 404)
        if not form["To"].startswith("+"):
            return refusal(BAD_NUMBER, f"Invalid 'To' Phone Number: {form['To']}")
        if not 0 < len(form["Body"]) <= 1600:
            return refusal(TOO_LONG, "The concatenated message body exceeds the 1600 character limit")
        return reply(201, {"sid": f"SM{len(self.requests):032}", "status": "queued", "error_code": None})
