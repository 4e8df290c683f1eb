"""The pages before Salesforce's log-in: Heroku's own, or the ISV's."""

from markupsafe import Markup
from werkzeug.wrappers import Response

from emulator.web.pages import page

ISV_COLOR = "#0f766e"


def heroku_login() -> Response:
    """Heroku's log-in, which Connect puts before the one of Salesforce."""
    body = Markup("""<form method="post">
<label for="email">Email</label><input id="email" name="email" type="email" required>
<label for="password">Password</label><input id="password" name="password" type="password">
<div class="row"><button class="main" name="step" value="login">Log in</button></div></form>
<p class="muted">Any address and password will do.</p>""")
    return page("heroku-login", "Log in to your Heroku account", body)


def branded(slug: str) -> Response:
    """The ISV's own page, shown instead of Heroku's log-in."""
    body = Markup("""<p>{slug} asks to synchronise data with your Salesforce organization through
Heroku Connect. You will log in to Salesforce next.</p><form method="post"><div class="row">
<button class="main" name="step" value="continue">Continue to Salesforce</button></div></form>
""").format(slug=slug)
    return page("branded", f"Connect to {slug}", body, (slug, ISV_COLOR))
