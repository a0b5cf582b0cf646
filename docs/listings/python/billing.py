# mypy: disallow-untyped-decorators=False
"""What the documentation shows of Celery beat."""

from celery import Celery
from celery.schedules import crontab

app = Celery("billing", broker="redis://localhost")
app.conf.leasehold = {"lease": "billing-beat"}
app.conf.beat_schedule = {
    "bill each night": {"task": "billing.bill", "schedule": crontab(hour="3", minute="0")},
}


@app.task
def bill() -> None:
    print("billing")
