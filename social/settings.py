"""The settings of this use case, read from the environment (README.md, "Settings")."""

from portal.project.environment import env, flag, number

X_API_URL: str = env.str("X_API_URL", "https://api.x.com")
X_BEARER_TOKEN: str = env.str("X_BEARER_TOKEN", "")  # empty: no posts are collected
X_POSTS_PER_DAY: int = number("X_POSTS_PER_DAY", 5_000)  # X bills each post that it returns
X_POSTS_PER_MONTH: int = number("X_POSTS_PER_MONTH", 50_000)
X_QUERY_LENGTH: int = number("X_QUERY_LENGTH", 512)  # characters; 4096 with an enterprise plan
X_UPDATE_COUNTS: bool = flag("X_UPDATE_COUNTS", True)  # likes, once a day at 23:00 UTC
