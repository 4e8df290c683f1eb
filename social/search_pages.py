"""Storing what X answers: a page of posts, and how far its handles have been searched."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from social import authors, post_table, x
from social.models import CollectionRun, Handle, Post, Search


def store(run: CollectionRun, search: Search, page: x.SearchPage) -> None:
    """Store a page and the new cursors in one transaction, so that nothing is paid for twice."""
    # By id, because one upsert must not touch the same row twice.
    known = authors.of(search.handles)
    posts = {post.pk: post for found in page.posts if (post := _post(found, known))}
    run.posts_dropped += page.returned - len(posts)
    with transaction.atomic():
        _store_posts(run, posts)
        if page.next_token:
            # The cursor moves only with the last page: results come newest first.
            search.next_token = page.next_token
            search.save()
            return
        now = timezone.now()
        Handle.objects.filter(name__in=search.handles).update(
            cursor=search.until_id - 1, asked_at=now, refused_at=None, refusal=""
        )
        if search.pk:
            search.delete()


def _store_posts(run: CollectionRun, posts: dict[int, Post]) -> None:
    """Store new posts, and changed counts of known ones, as of this run."""
    known = Post.objects.in_bulk(posts)
    for post_id, post in posts.items():
        before = known.get(post_id)
        counts = (post.likes, post.reposts)
        same = before and (before.likes, before.reposts) == counts
        post.changed_in = before.changed_in if before and same else run.pk
    Post.objects.bulk_create(
        posts.values(),
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["likes", "reposts", "changed_in", "seen_at"],
    )


def _post(found: x.FoundPost, known: Mapping[str, Handle]) -> Post | None:
    """Return the post to store. None if its text is empty or its author was not searched."""
    body, handle = post_table.body_of(found.text), known.get(found.author_id)
    if not body or handle is None:
        return None
    return Post(
        id=found.id,
        handle=handle,
        author=handle.username,
        body=body,
        posted_at=found.posted_at,
        likes=found.likes,
        reposts=found.reposts,
    )
