"""Every address × everybody: the exact answer, as one table. A new route is not done before it has its line here.

Programs' tokens and their scopes: tests/integration/test_machine_api.py, of every route under /api as well.
"""

import html
import re

import pytest
from sqlalchemy import update

from gateway.store.db import db, transaction
from gateway.store.tables import PersonRow
from tests.browsing import KEPT, PASSWORD, Browser
from tests.samples import alert, group

# Who may do what is decided before any database is asked: one of them is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROLES = ("anonymous", "viewer", "responder", "dispatcher", "admin")
N = "<int(max=9223372036854775807):number>"
SMALL = "<int(max=2147483647):number>"
M = "<int(max=2147483647):number>"
N32 = "<int(max=2147483647):number>"
READERS = "302 200 200 200 200"  # a stranger is led to the sign-in
CHANGES = "302 302 302 302 302"  # done, and back to a page; a stranger is led to the sign-in
ACTORS = "302 403 302 302 302"
ADMINS = "302 403 403 403 302"
NOBODY = "401 401 401 401 401"  # no cookie opens what is for machines
ALIKE = "{0} {0} {0} {0} {0}".format

TABLE = {  # (method, rule): anonymous, viewer, responder, dispatcher, admin
    ("GET", "/"): CHANGES,
    ("GET", "/incidents"): READERS,
    ("GET", f"/incidents/{N}"): READERS,
    ("POST", f"/incidents/{N}/<any(acknowledge, resolve, wake):what>"): ACTORS,
    ("POST", f"/incidents/{N}/snooze"): ACTORS,
    ("POST", f"/incidents/{N}/assign"): ACTORS,
    ("POST", f"/incidents/{N}/desk"): ACTORS,
    ("POST", f"/incidents/{N}/looking"): "302 404 404 404 404",  # no ticket
    ("POST", f"/incidents/{N}/escalate"): ACTORS,
    ("POST", f"/incidents/{N}/urgency"): ACTORS,
    ("POST", f"/incidents/{N}/title"): ACTORS,
    ("POST", f"/incidents/{N}/merge"): "302 403 422 422 422",  # there is nothing to merge it with
    ("POST", f"/incidents/{N}/split"): "302 403 422 422 422",  # no alert is chosen
    ("POST", f"/incidents/{N}/fixed"): "302 403 422 422 422",  # it is not over yet
    ("POST", f"/incidents/{N}/verdict"): "302 403 422 422 422",
    ("GET", f"/incidents/{N}/alerts"): READERS,
    ("GET", f"/incidents/{N}/print"): READERS,
    ("GET", f"/incidents/{N}/payloads"): "302 403 200 200 200",  # what senders wrote, whole
    ("POST", f"/incidents/{N}/notes"): CHANGES,  # a viewer may comment
    ("POST", "/undo/<token>"): ACTORS,
    ("GET", "/incidents.csv"): READERS,
    ("GET", "/incidents/facet"): READERS,
    ("GET", "/incidents/new"): "302 403 200 200 200",
    ("POST", "/incidents/new"): ACTORS,
    ("POST", "/incidents/bulk"): ACTORS,
    ("GET", "/incidents/jobs/<token>"): "302 403 404 404 404",  # none of theirs
    ("POST", "/incidents/file"): CHANGES,
    ("GET", "/incidents/files/<token>"): "302 404 404 404 404",  # none of theirs
    ("GET", "/incidents/files/<token>/incidents.csv"): "302 404 404 404 404",
    ("POST", "/incidents/density"): CHANGES,
    ("POST", "/incidents/home"): CHANGES,
    ("POST", "/incidents/views"): CHANGES,
    ("POST", "/incidents/views/watch"): ACTORS,
    ("POST", "/incidents/views/undo"): "302 404 404 404 404",  # they changed none
    ("POST", f"/incidents/views/{M}/<any(save, rename, delete):what>"): "302 404 404 404 404",  # no view of theirs
    ("GET", "/oncall"): READERS,
    ("GET", "/oncall/me"): READERS,
    ("GET", "/oncall/schedules/<path:name>"): READERS,
    ("GET", "/oncall/override/preview"): "302 403 200 200 200",  # it says what is missing
    ("POST", "/oncall/override"): "302 403 422 422 422",  # no times are given
    ("POST", "/oncall/override/<int(max=2147483647):number>/remove"): "302 403 404 404 404",
    ("POST", "/oncall/swap"): "302 403 422 422 422",
    ("POST", "/oncall/swap/<int(max=2147483647):number>/<any(accept, decline, withdraw):what>"): "302 403 404 404 404",
    ("POST", "/oncall/me/away"): "302 403 422 422 422",
    ("POST", "/oncall/me/calendar"): "302 200 200 200 200",  # the address is shown at once
    ("POST", "/oncall/calendar/<int(max=2147483647):number>"): "302 403 403 200 200",
    ("POST", "/oncall/import/<int(max=2147483647):number>"): "302 403 403 403 422",
    ("POST", "/oncall/import/<int(max=2147483647):number>/remove"): "302 403 403 403 404",
    ("GET", "/deliveries"): READERS,
    ("GET", "/sources"): READERS,
    ("GET", "/settings"): "302 403 403 403 200",
    ("POST", "/settings/test"): "302 403 403 403 302",  # no such channel
    ("GET", "/settings/tokens"): "302 403 403 403 200",
    ("POST", "/settings/tokens"): "302 403 403 403 422",  # no scope
    ("POST", "/settings/tokens/<int(max=2147483647):number>/revoke"): "302 403 403 403 422",  # not confirmed
    ("GET", f"/deliveries/{N}"): READERS,
    ("POST", f"/deliveries/{N}/resend"): "302 403 403 403 409",  # it did not fail
    ("POST", "/deliveries/resend"): "302 403 403 403 302",
    ("GET", "/sources/new"): "302 403 403 403 200",
    ("POST", "/sources/new"): "302 403 403 403 422",  # no such kind
    ("GET", f"/sources/{SMALL}"): READERS,
    ("GET", f"/sources/{SMALL}/heard"): "302 286 286 286 286",
    ("POST", f"/sources/{SMALL}/token"): "302 403 403 403 200",  # shown this once
    ("POST", f"/sources/{SMALL}/revoke"): "302 403 403 403 422",  # not confirmed
    ("POST", f"/sources/{SMALL}/settings"): "302 403 403 403 302",
    ("POST", f"/sources/{SMALL}/alertmanagers"): "302 403 403 403 302",
    ("POST", f"/sources/{SMALL}/desk"): "302 403 403 403 422",  # no service desk
    ("POST", f"/sources/{SMALL}/test"): "302 403 403 302 302",
    ("GET", f"/sources/{SMALL}/requests/<int(max=9223372036854775807):payload>"): "302 403 200 200 200",
    ("POST", f"/sources/{SMALL}/requests/<int(max=9223372036854775807):payload>/replay"): "302 403 403 302 302",
    ("GET", "/audit"): "302 200 403 403 200",
    ("GET", "/audit.csv"): "302 200 403 403 200",
    ("GET", "/overview"): READERS,
    ("GET", "/wall/"): ALIKE(302),
    ("GET", "/wall"): READERS,  # a screen has a token instead: tests/integration/test_wall.py
    ("GET", "/wall/live"): READERS,
    ("GET", "/reports"): READERS,
    ("GET", "/reports/load"): READERS,
    ("GET", "/reports/noise"): READERS,
    ("GET", "/reports/services"): READERS,
    ("GET", "/reports/delivery"): READERS,
    ("GET", "/reports/definitions"): READERS,
    ("GET", "/reports/table/<name>.<any(csv, xlsx):form>"): READERS,
    ("GET", "/reports/shift"): READERS,
    ("POST", "/reports/shift"): "302 403 403 403 403",  # only whoever is on call now
    ("GET", "/reports/guests"): READERS,
    ("POST", "/reports/guests"): CHANGES,
    ("POST", "/reports/guests/<int:number>/revoke"): CHANGES,  # one's own
    ("POST", "/reports/weekly"): CHANGES,
    ("GET", "/s/<int(max=2147483647):number>/<token>"): ALIKE(404),  # a signed token is the lock
    ("POST", "/s/<int(max=2147483647):number>/<token>"): ALIKE(404),
    ("GET", "/weekly/<token>"): ALIKE(404),  # a signed token is the lock
    ("POST", "/weekly/<token>"): ALIKE(404),
    ("GET", "/g/<token>"): ALIKE(410),  # a signed token is the lock
    ("GET", "/status"): ALIKE(404),  # it is switched off: nobody sees that there is one
    ("GET", "/status/"): ALIKE(404),
    ("GET", f"/status/{N32}"): ALIKE(404),
    ("GET", f"/status/{N32}/"): ALIKE(404),
    ("GET", "/status/history"): ALIKE(404),
    ("GET", "/status/history/"): ALIKE(404),
    ("GET", "/status/history/<int(fixed_digits=4):year>-<int(fixed_digits=2):number>"): ALIKE(404),
    ("GET", "/status/feed.atom"): ALIKE(404),
    ("GET", "/status/badge.svg"): ALIKE(404),
    ("GET", "/status/mail"): ALIKE(404),
    ("POST", "/status/mail"): ALIKE(404),
    ("GET", "/status/mail/<key>"): ALIKE(404),  # a secret of whoever subscribed is the lock
    ("POST", "/status/mail/<key>"): ALIKE(404),
    ("GET", "/notices"): READERS,
    ("GET", f"/notices/{N32}"): "302 404 404 404 404",
    ("GET", "/notices/new"): "302 403 403 200 200",  # the world is told by dispatchers
    ("POST", "/notices/new"): "302 403 403 200 200",  # the other tab
    ("POST", "/notices"): "302 403 403 422 422",  # without a word
    ("POST", f"/notices/{N32}/updates"): "302 403 403 404 404",
    ("POST", f"/notices/{N32}/undo"): "302 403 403 404 404",
    ("GET", "/settings/status-page"): "302 403 403 403 200",
    ("POST", "/settings/status-page"): ADMINS,
    ("POST", f"/settings/status-page/mail/{N32}/<any(again, remove):what>"): "302 403 403 403 404",
    ("POST", "/settings/status-page/components"): "302 403 403 403 422",
    ("POST", f"/settings/status-page/components/{N32}/<any(save, up, down, remove):what>"): "302 403 403 403 404",
    ("GET", "/live"): "286 200 200 200 200",
    ("GET", "/tickets"): READERS,
    ("GET", "/tickets/<path:key>"): "302 404 404 404 404",
    ("GET", "/services"): READERS,
    ("GET", "/services/<path:name>"): "302 404 404 404 404",  # no such service
    ("GET", "/rules"): READERS,
    ("GET", "/rules/<path:name>"): "302 404 404 404 404",
    ("GET", "/rules/cases"): "302 403 302 302 302",
    ("POST", "/rules/cases"): "302 403 200 200 200",
    ("GET", "/rules/test"): "302 403 200 200 200",
    ("POST", "/rules/test"): "302 403 422 422 422",  # without a payload
    ("GET", "/policies"): READERS,
    ("GET", "/policies/<path:name>"): "302 404 404 404 404",
    ("GET", "/silences"): READERS,
    ("GET", "/silences/new"): "302 403 200 200 200",
    ("GET", "/silences/preview"): "302 403 200 200 200",
    ("POST", "/silences"): "302 403 422 422 422",  # without a reason
    ("GET", "/silences/<int(max=2147483647):number>"): "302 404 404 404 404",
    ("POST", "/silences/<int(max=2147483647):number>/extend"): "302 403 404 404 404",
    ("POST", "/silences/<int(max=2147483647):number>/undo"): "302 403 404 404 404",  # none of theirs
    ("POST", "/maintenance/<int(max=2147483647):number>/undo"): "302 403 404 404 404",
    ("POST", "/silences/<int(max=2147483647):number>/end"): "302 403 404 404 404",
    ("GET", "/maintenance"): READERS,
    ("GET", "/maintenance/new"): "302 403 403 200 200",  # windows are planned by dispatchers
    ("GET", "/maintenance/preview"): "302 403 403 200 200",
    ("POST", "/maintenance"): "302 403 403 422 422",
    ("GET", "/maintenance/<int(max=2147483647):planned>"): "302 404 404 404 404",
    ("POST", "/maintenance/<int(max=2147483647):planned>/end"): "302 403 403 404 404",
    ("GET", "/me"): READERS,
    ("POST", "/me"): CHANGES,
    ("POST", "/me/password"): CHANGES,
    ("GET", "/me/contact"): "302 403 200 200 200",
    ("POST", "/me/contact"): "302 403 422 422 422",
    ("POST", "/me/contact/<int(max=2147483647):number>/<any(code, test):what>"): "302 403 404 404 404",
    ("POST", "/me/contact/<int(max=2147483647):number>/confirm"): "302 403 404 404 404",
    ("POST", "/me/contact/<int(max=2147483647):number>/delete"): "302 403 404 404 404",
    ("GET", "/me/notifications"): "302 403 200 200 200",
    ("POST", "/me/notifications"): ACTORS,
    ("GET", "/me/phone"): "302 403 200 200 200",
    ("GET", "/me/appearance"): READERS,
    ("POST", "/me/times"): CHANGES,
    ("POST", "/me/zone"): CHANGES,
    ("POST", "/me/keys"): CHANGES,
    ("POST", "/me/reading"): "302 422 422 422 422",
    ("GET", "/me/jobs"): READERS,
    ("GET", "/me/sessions"): READERS,
    ("POST", "/me/sessions/<int(max=2147483647):number>/end"): "302 404 404 404 404",
    ("POST", "/me/sessions/end-others"): CHANGES,
    ("GET", "/me/tokens"): READERS,
    ("POST", "/me/tokens"): "302 422 422 422 422",  # no scope
    ("POST", "/me/tokens/<int(max=2147483647):number>/revoke"): "302 422 422 422 422",  # none of theirs
    ("GET", "/people"): READERS,
    ("GET", "/people/new"): "302 403 403 403 200",
    ("POST", "/people"): "302 403 403 403 422",
    ("GET", f"/people/{N32}"): READERS,
    ("POST", f"/people/{N32}"): "302 403 403 403 422",
    ("POST", f"/people/{N32}/leave"): "302 403 403 403 422",
    ("POST", f"/people/{N32}/back"): ADMINS,
    ("POST", f"/people/{N32}/sign-out"): ADMINS,
    ("POST", f"/oncall/remind/{N32}"): "302 403 403 302 302",
    ("POST", f"/people/{N32}/link"): "302 403 403 403 200",
    ("POST", f"/people/{N32}/contacts"): "302 403 403 403 422",
    ("POST", f"/people/{N32}/contacts/<int(max=2147483647):contact>/<any(delete, confirm):what>"): ADMINS,
    ("GET", "/teams/<path:name>"): READERS,
    ("POST", "/teams"): "302 403 403 403 422",
    ("POST", "/teams/<path:name>"): ADMINS,
    ("POST", "/language"): ALIKE(403),
    ("GET", "/setup/steps"): "302 403 403 403 200",
    ("POST", "/setup/steps/zone"): "302 403 403 403 400",
    ("POST", "/setup/steps/test"): ADMINS,
    ("POST", "/setup/steps/arrived"): "302 403 403 403 400",
    ("POST", "/setup/steps/oncall"): "302 403 403 403 422",  # there is a schedule
    ("POST", "/setup/steps/skip"): "302 403 403 403 400",
    ("POST", "/overview/checklist"): ADMINS,
    ("GET", "/welcome/<token>"): ALIKE(410),  # a signed token is the lock
    ("POST", "/welcome/<token>"): ALIKE(403),
    ("GET", "/me/push"): "302 403 302 302 302",  # a viewer is never told
    ("POST", "/me/push"): "302 403 422 422 422",
    ("POST", "/me/push/<int:number>/test"): "302 403 404 404 404",
    ("POST", "/me/push/<int:number>/delete"): "302 403 404 404 404",
    ("GET", "/login"): "200 302 302 302 302",
    ("POST", "/login"): ALIKE(403),  # without the token of the form before sign-in
    ("GET", "/setup"): ALIKE(410),  # a one-time token is the lock
    ("POST", "/setup"): ALIKE(403),
    ("GET", "/p/<token>"): ALIKE(410),  # a signed token is the lock
    ("POST", "/p/<token>"): ALIKE(410),
    ("GET", "/static/<path:name>"): ALIKE(200),
    ("GET", "/sw.js"): ALIKE(200),
    ("GET", "/manifest.webmanifest"): ALIKE(200),
    ("GET", "/offline"): ALIKE(200),
    ("POST", "/ingest/<kind>"): NOBODY,
    ("POST", "/ingest/<kind>/<path_token>"): NOBODY,
    ("POST", "/v2/enqueue"): ALIKE(400),  # as at PagerDuty: the key stands in the body
    ("POST", "/v2/change/enqueue"): ALIKE(400),
    ("POST", "/generic/2010-04-15/create_event.json"): ALIKE(400),
    ("POST", "/api/v2/alerts"): NOBODY,
    ("POST", "/v2/alerts"): NOBODY,
    ("POST", "/v2/alerts/<path:about>"): NOBODY,
    ("PUT", "/v2/alerts/<path:about>"): NOBODY,
    ("GET", "/v2/alerts"): NOBODY,
    ("GET", "/v2/alerts/requests/<number>"): NOBODY,
    ("GET", "/v2/alerts/<path:name>"): NOBODY,
    ("GET", "/api/v1/incidents"): NOBODY,
    ("GET", "/api/v1/incidents/<number>"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/acknowledge"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/wake"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/resolve"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/snooze"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/assign"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/note"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/escalate"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/urgency"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/title"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/fixed"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/merge"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/split"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/verdict"): NOBODY,
    ("GET", "/api/v1/alerts"): NOBODY,
    ("GET", "/api/v1/deliveries"): NOBODY,
    ("GET", "/api/v1/oncall"): NOBODY,
    ("GET", "/api/v1/reports/response"): NOBODY,
    ("GET", "/api/v1/oncall/overrides"): NOBODY,
    ("POST", "/api/v1/oncall/overrides"): NOBODY,
    ("DELETE", "/api/v1/oncall/overrides/<number>"): NOBODY,
    ("GET", "/ical/<token>.ics"): ALIKE(404),  # a token is the lock
    ("GET", "/api/v1/silences"): NOBODY,
    ("POST", "/api/v1/silences"): NOBODY,
    ("POST", "/api/v1/silences/<number>/extend"): NOBODY,
    ("GET", "/api/v1/silences/<number>"): NOBODY,
    ("DELETE", "/api/v1/silences/<number>"): NOBODY,
    ("GET", "/api/v1/maintenance"): NOBODY,
    ("POST", "/api/v1/maintenance"): NOBODY,
    ("GET", "/api/v1/maintenance/<number>"): NOBODY,
    ("DELETE", "/api/v1/maintenance/<number>"): NOBODY,
    ("GET", "/api/v1/notices"): NOBODY,
    ("POST", "/api/v1/notices"): NOBODY,
    ("GET", "/api/v1/notices/<number>"): NOBODY,
    ("POST", "/api/v1/notices/<number>/updates"): NOBODY,
    ("POST", "/api/v1/notices/<number>/undo"): NOBODY,
    ("GET", "/api/v1/status-page"): NOBODY,
    ("POST", "/api/v1/status-page"): NOBODY,
    ("POST", "/api/v1/status-page/components"): NOBODY,
    ("POST", "/api/v1/status-page/components/<number>"): NOBODY,
    ("DELETE", "/api/v1/status-page/components/<number>"): NOBODY,
    ("POST", "/api/v1/incidents"): NOBODY,
    ("GET", "/api/v1/sources"): NOBODY,
    ("POST", "/api/v1/sources"): NOBODY,
    ("POST", "/api/v1/sources/<number>/token"): NOBODY,
    ("POST", "/api/v1/sources/<number>/revoke"): NOBODY,
    ("GET", "/api/v1/sources/<number>/quarantine"): NOBODY,
    ("POST", "/api/v1/sources/<number>/replay"): NOBODY,
    ("POST", "/api/v1/deliveries/<number>/resend"): NOBODY,
    ("GET", "/api/v1/audit"): NOBODY,
    ("GET", "/api/v1/people"): NOBODY,
    ("GET", "/api/v1/teams"): NOBODY,
    ("GET", "/api/v1/views"): NOBODY,
    ("GET", "/api/v1/tickets"): NOBODY,
    ("GET", "/api/v1/tickets/<key>"): NOBODY,
    ("POST", "/api/v1/rules/explain"): NOBODY,
    ("GET", "/api/v1/me"): NOBODY,
    ("POST", "/api/v1/me"): NOBODY,
    ("GET", "/api/v1/me/notifications"): NOBODY,
    ("POST", "/api/v1/me/notifications"): NOBODY,
    ("GET", "/api/v1/me/sessions"): NOBODY,
    ("DELETE", "/api/v1/me/sessions/<number>"): NOBODY,
    ("POST", "/api/v1/me/sessions/end"): NOBODY,
    ("GET", "/api/v1/me/tokens"): NOBODY,
    ("POST", "/api/v1/me/calendar"): NOBODY,
    ("DELETE", "/api/v1/me/calendar"): NOBODY,
    ("POST", "/api/v1/me/home"): NOBODY,
    ("GET", "/api/v1/me/contacts"): NOBODY,
    ("POST", "/api/v1/me/contacts"): NOBODY,
    ("DELETE", "/api/v1/me/contacts/<number>"): NOBODY,
    ("POST", "/api/v1/me/contacts/<number>/code"): NOBODY,
    ("POST", "/api/v1/me/contacts/<number>/test"): NOBODY,
    ("POST", "/api/v1/me/contacts/<number>/confirm"): NOBODY,
    ("POST", "/api/v1/views"): NOBODY,
    ("POST", "/api/v1/views/<number>"): NOBODY,
    ("DELETE", "/api/v1/views/<number>"): NOBODY,
    ("POST", "/api/v1/views/undo"): NOBODY,
    ("POST", "/api/v1/views/watch"): NOBODY,
    ("GET", "/api/v1/views/<key>/incidents"): NOBODY,
    ("GET", "/api/v1/incidents/search"): NOBODY,
    ("POST", "/api/v1/incidents/bulk"): NOBODY,
    ("POST", "/api/v1/undo"): NOBODY,
    ("POST", "/api/v1/people"): NOBODY,
    ("POST", "/api/v1/teams"): NOBODY,
    ("GET", "/api/v1/people/<number>"): NOBODY,
    ("POST", "/api/v1/people/<number>"): NOBODY,
    ("POST", "/api/v1/people/<number>/leave"): NOBODY,
    ("POST", "/api/v1/people/<number>/back"): NOBODY,
    ("POST", "/api/v1/people/<number>/sign-out"): NOBODY,
    ("POST", "/api/v1/people/<number>/remind"): NOBODY,
    ("POST", "/api/v1/people/<number>/contacts"): NOBODY,
    ("DELETE", "/api/v1/people/<number>/contacts/<contact>"): NOBODY,
    ("POST", "/api/v1/people/<number>/contacts/<contact>/confirm"): NOBODY,
    ("POST", "/api/v1/teams/<name>"): NOBODY,
    ("GET", "/api/v1/settings"): NOBODY,
    ("POST", "/api/v1/settings/test"): NOBODY,
    ("GET", "/api/v1/tokens"): NOBODY,
    ("POST", "/api/v1/tokens"): NOBODY,
    ("POST", "/api/v1/tokens/<number>/revoke"): NOBODY,
    ("GET", "/api/v1/schedules"): NOBODY,
    ("POST", "/api/v1/schedules/<number>/calendar"): NOBODY,
    ("DELETE", "/api/v1/schedules/<number>/calendar"): NOBODY,
    ("POST", "/api/v1/schedules/<number>/imports"): NOBODY,
    ("DELETE", "/api/v1/schedules/<number>/imports/<key>"): NOBODY,
    ("GET", "/api/v1/oncall/shifts"): NOBODY,
    ("POST", "/api/v1/oncall/overrides/preview"): NOBODY,
    ("GET", "/api/v1/oncall/swaps"): NOBODY,
    ("POST", "/api/v1/oncall/swaps"): NOBODY,
    ("POST", "/api/v1/oncall/swaps/<number>/accept"): NOBODY,
    ("POST", "/api/v1/oncall/swaps/<number>/decline"): NOBODY,
    ("POST", "/api/v1/oncall/swaps/<number>/withdraw"): NOBODY,
    ("POST", "/api/v1/oncall/away"): NOBODY,
    ("POST", "/api/v1/silences/preview"): NOBODY,
    ("POST", "/api/v1/maintenance/preview"): NOBODY,
    ("POST", "/api/v1/silences/<number>/undo"): NOBODY,
    ("POST", "/api/v1/maintenance/<number>/undo"): NOBODY,
    ("GET", "/api/v1/reports/load"): NOBODY,
    ("GET", "/api/v1/reports/noise"): NOBODY,
    ("GET", "/api/v1/reports/services"): NOBODY,
    ("GET", "/api/v1/reports/delivery"): NOBODY,
    ("GET", "/api/v1/reports/shift"): NOBODY,
    ("POST", "/api/v1/reports/shift"): NOBODY,
    ("GET", "/api/v1/reports/guests"): NOBODY,
    ("POST", "/api/v1/reports/guests"): NOBODY,
    ("POST", "/api/v1/reports/guests/<number>/revoke"): NOBODY,
    ("GET", "/api/v1/sources/<number>"): NOBODY,
    ("POST", "/api/v1/sources/<number>/settings"): NOBODY,
    ("POST", "/api/v1/sources/<number>/alertmanagers"): NOBODY,
    ("POST", "/api/v1/sources/<number>/desk"): NOBODY,
    ("POST", "/api/v1/incidents/<number>/desk"): NOBODY,
    ("POST", "/api/v1/sources/<number>/test"): NOBODY,
    ("GET", "/api/v1/sources/<number>/requests"): NOBODY,
    ("GET", "/api/v1/sources/<number>/requests/<payload>"): NOBODY,
    ("GET", "/api/v1/rules"): NOBODY,
    ("POST", "/api/v1/rules/test"): NOBODY,
    ("GET", "/api/v1/policies"): NOBODY,
    ("GET", "/api/v1/policies/<name>"): NOBODY,
    ("GET", "/api/v1/services"): NOBODY,
    ("GET", "/api/v1/services/<path:name>"): NOBODY,
    ("GET", "/api/v1/incidents/<number>/why"): NOBODY,
    ("GET", "/api/v1/incidents/<number>/related"): NOBODY,
    ("GET", "/api/v1/incidents/<number>/payloads"): NOBODY,
    ("GET", "/api/v1/deliveries/<number>"): NOBODY,
    ("POST", "/api/v1/deliveries/resend"): NOBODY,
    ("DELETE", "/api/v1/me/tokens/<number>"): NOBODY,
    ("GET", "/api/v1/openapi.json"): NOBODY,
    ("GET", "/heartbeat/<token>"): ALIKE(404),  # a token is the lock
    ("POST", "/heartbeat/<token>"): ALIKE(404),
    ("POST", "/callback/pagerduty"): ALIKE(404),  # none of the providers' secrets is set
    ("POST", "/callback/sendgrid"): ALIKE(404),
    ("POST", "/callback/twilio"): ALIKE(404),
    ("GET", "/healthz"): ALIKE(200),
    ("GET", "/readyz"): ALIKE(503),  # no worker runs in a test
    ("GET", "/metrics"): ALIKE(403),  # not from this machine, and no token is set
    ("POST", "/logout"): CHANGES,  # last: afterwards everybody is a stranger
}
OFFERS = {  # what a page may be asked to do next
    "GET": r'(?:href|hx-get)="(/[^"]*)"',
    "POST": r'(?:<form[^>]*method="post"[^>]*\baction|formaction|hx-post)="(/[^"]*)"',
}
FORMS = {
    "/incidents/new": {"title": "It smells of smoke", "urgency": "emergency"},
    "/incidents/bulk": {"do": "acknowledge", "n": "1"},
    "/incidents/views": {"name": "Mine", "query": "status=all"},
    "/incidents/views/watch": {"view": "mine", "on": "1"},
    f"/incidents/{N}/urgency": {"urgency": "fast", "reason": "x"},
    f"/incidents/{N}/title": {"title": "x"},
    f"/incidents/{N}/merge": {"into": "99"},
    f"/incidents/{N}/verdict": {"verdict": "useful"},
    "/me": {"language": "en", "theme": ""},
    "/me/password": {"old": PASSWORD, "new": "another horse entirely"},
}


@pytest.fixture
def somebody(world):
    """Makes the browser of somebody with this role."""

    def make(role):
        with transaction() as session:
            values = {"password_hash": KEPT} | ({} if role == "anonymous" else {"role": role})
            session.execute(update(PersonRow).where(PersonRow.email == "oleg@example.org").values(**values))
        browser = Browser(world.app, "192.0.2.9")
        if role != "anonymous":
            assert browser.sign_in("oleg@example.org").status_code == 302
        return browser

    return make


def address(rule, number):
    filled = rule.replace(N, str(number)).replace("<any(acknowledge, resolve, wake):what>", "acknowledge")
    filled = filled.replace(M, "99" if "views" in rule else "1").replace("<any(save, rename, delete):what>", "delete")
    filled = filled.replace("<any(accept, decline, withdraw):what>", "accept")
    known = {
        "<name>.<any(csv, xlsx):form>": "figures.csv",
        "<number>": str(number),
        "<int:number>": "1",
        "<int(max=2147483647):number>": "1",
        "<int(max=2147483647):planned>": "1",
        "<token>": "wrong",
        "<kind>": "ticket",
        "<key>": "SD-0",
    }
    known |= {"<int(max=9223372036854775807):payload>": "1"}
    known |= {"<path_token>": "wrong", "<path:key>": "SD-0", "<path:about>": "alias/close"}
    known |= {"<path:name>": "infra" if "schedules" in rule or "teams" in rule else "app.css"}
    known |= {"<name>": "infra", "<int(max=2147483647):contact>": "1", "<any(delete, confirm):what>": "confirm"}
    known |= {
        "<any(save, up, down, remove):what>": "down",
        "<any(again, remove):what>": "again",
        "<int(fixed_digits=4):year>-<int(fixed_digits=2):number>": "2026-11",
        "<any(code, test):what>": "test",
        "<contact>": "1",
        "<payload>": "1",
    }
    for place, value in known.items():
        filled = filled.replace(place, value)
    assert "<" not in filled, rule
    return filled


def test_every_route_has_its_line(world):
    served = {
        (method, rule.rule)
        for rule in world.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }  # fmt: skip
    assert served - TABLE.keys() == set()
    assert TABLE.keys() - served == set()


@pytest.mark.parametrize("role", ROLES)
def test_everybody_gets_exactly_what_the_table_says(world, somebody, role):
    (number,) = world.alert()
    browser, wrong = somebody(role), []
    csrf = "" if role == "anonymous" else browser.csrf()
    for (method, rule), codes in TABLE.items():
        expected = int(codes.split()[ROLES.index(role)])
        place = address(rule, number)
        if method == "GET":
            answer = browser.get(place)
        elif method == "DELETE":
            answer = browser.client.delete(place)
        else:
            answer = browser.post(place, {"csrf_token": csrf, "text": "x", **FORMS.get(rule, {})})
            csrf = browser.csrf() if rule == "/me/password" and csrf else csrf
        if answer.status_code != expected:
            wrong.append(f"{method} {rule}: {answer.status_code}, not {expected}")
        db.session.rollback()
    assert wrong == []


OF_TICKETS = ("/desk", "/looking")  # asked and pressed on the page of a ticket only


@pytest.mark.parametrize("role", ROLES[1:])
def test_no_control_is_shown_that_is_refused(world, somebody, role):
    (number,) = world.post(group(alert(), alert(fingerprint="a2"))).json["incidents"]
    browser = somebody(role)
    page = browser.get(f"/incidents/{number}").text
    world.resolves(number)
    page += browser.get(f"/incidents/{number}").text  # what is asked when it is over
    for (method, rule), codes in TABLE.items():
        if method == "POST" and rule.startswith(f"/incidents/{N}/") and not rule.endswith(OF_TICKETS):
            allowed = codes.split()[ROLES.index(role)] != "403"
            assert (f'action="{address(rule, number)}"' in page) is allowed, rule


@pytest.mark.parametrize("role", ROLES[1:])
def test_no_page_offers_what_is_refused(world, somebody, role):
    """Every link and every button of every page that somebody of this role may open."""
    (number,) = world.post(group(alert(), alert(fingerprint="a2"))).json["incidents"]
    browser, refused, offered = somebody(role), set(), 0
    routes = world.app.url_map.bind("localhost")
    for (method, rule), codes in TABLE.items():
        if method != "GET" or codes.split()[ROLES.index(role)] != "200" or rule.startswith("/static"):
            continue
        place = address(rule, number)
        page = browser.get(place)
        for way, form in OFFERS.items():
            for found in re.findall(form, page.text if page.mimetype == "text/html" else ""):
                to = html.unescape(found).replace("@", str(number)).partition("?")[0].partition("#")[0]
                if to.startswith("/") and not to.startswith("/static"):
                    there, _values = routes.match(to, method=way, return_rule=True)
                    offered += 1
                    if TABLE[way, there.rule].split()[ROLES.index(role)] == "403":
                        refused.add(f"{place} offers {way} {to}")
    assert refused == set()
    assert offered > 500
