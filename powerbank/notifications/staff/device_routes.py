"""Serve staff the devices on which they get pushes."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.notifications.people.schemas import DeviceSchema, DevicesSchema
from powerbank.notifications.staff import devices as staff_devices
from powerbank.notifications.staff.models import StaffDevice

blueprint = Blueprint(
    "Devices (staff)", __name__, url_prefix="/api/admin/devices", description="Where urgent notices reach you by push."
)


@blueprint.route("")
class StaffDevices(MethodView):
    @staff_only("notices.read")
    @blueprint.response(200, DevicesSchema)
    def get(self) -> dict[str, Any]:
        """My devices, the one seen last first"""
        return {"items": staff_devices.devices_of_member(current_staff().id), "next_cursor": None}

    @staff_only("notices.read")
    @blueprint.arguments(DeviceSchema)
    @blueprint.alt_response(200, schema=DeviceSchema, description="Known already")
    @blueprint.response(201, DeviceSchema)
    def post(self, body: dict[str, Any]) -> StaffDevice | tuple[StaffDevice, int]:
        """Register this device; pushes end with the sign-in that registered it"""
        me = current_staff()
        with transaction():
            device, new = staff_devices.register_device(staff_id=me.id, session_id=me.session_id, now=utcnow(), **body)
            audit.record_by_staff("staff.register_device", "staff", me.id, new={"device_id": str(device.id)})
        return device if new else (device, 200)


@blueprint.delete("/<uuid:device_id>")
@staff_only("notices.read")
@blueprint.response(204)
def remove(device_id: UUID) -> None:
    """No more pushes there"""
    with transaction():
        staff_devices.remove_device(device_id, staff_id=current_staff().id)
        audit.record_by_staff("staff.remove_device", "staff", current_staff().id, old={"device_id": str(device_id)})
