"""Staff find rentals by code, station, power bank, status and person."""

from collections.abc import Callable

from tests.rentals.conftest import Out


def test_staff_find_a_rental_by_each_filter(out: Out, staff_headers: Callable[..., dict[str, str]]) -> None:
    sita, rental_id = out()
    headers = staff_headers("support")
    code = sita.rental(rental_id)["rental_code"]

    def found(**query: str) -> list[str]:
        answer = sita.client.get("/api/admin/rentals", headers=headers, query_string=query).get_json()
        return [each["id"] for each in answer["items"]]

    for query in (
        {"code": code.lower()},
        {"station_sn": "A"},
        {"powerbank_sn": "A-1"},
        {"status": "active"},
        {"user_id": str(sita.id)},
    ):
        assert found(**query) == [rental_id], query
    for query in (
        {"code": "RNOBODY"},
        {"station_sn": "B"},
        {"powerbank_sn": "A-2"},
        {"status": "overdue"},
        {"disputed": "true"},
    ):
        assert found(**query) == [], query
