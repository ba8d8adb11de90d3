from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Exists, OuterRef

from accounts.models import User
from editorial.admin.bulk import PUBLISH
from editorial.jobs import start_job
from editorial.models import JobItem
from publishing.models import Edition, kinds
from publishing.verbs import may


class Command(BaseCommand):
    help = "Start a job that publishes the unpublished changes of live pages. “run_jobs” does it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--by", metavar="USERNAME", required=True, help="the account that publishes")
        parser.add_argument(
            "--origin", metavar="ORIGIN", help="only changes that came from there: import, import:orphanet, job:5"
        )
        parser.add_argument("--note", default="", help="what changed, in one sentence that readers see")

    def handle(self, *args: str, by: str, origin: str | None, note: str, **options: object) -> None:
        user = User.objects.filter(username=by).first()
        if user is None:
            raise CommandError(f"There is no user “{by}”.")
        publishable = [name for name, kind in kinds().items() if may(user, "publish", kind)]
        if not publishable:
            raise CommandError(f"“{by}” may not publish. Add the account to the group Publishers.")
        same_subject = {"kind": OuterRef("kind"), "subject_id": OuterRef("subject_id")}
        differing = Edition.objects.live().filter(**same_subject).exclude(digest=OuterRef("digest"))
        changed = Edition.objects.newest().filter(Exists(differing), kind__in=publishable)
        if origin:
            changed = changed.from_origin(origin)
        numbers = list(changed.order_by("kind", "subject_id").values_list("kind", "subject_id", "number"))
        if not numbers:
            self.stdout.write("There are no such changes.")
            return
        items = (JobItem(kind=kind, subject_id=pk, edition=number) for kind, pk, number in numbers)
        job = start_job(PUBLISH, user, items, note)
        self.stdout.write(f"Started {job}: {job.total:,} pages will be published. “manage.py run_jobs” does it.")
