"""What a browser shows: router, live chart, routes and widgets (with pages, the only place that imports Streamlit)."""
