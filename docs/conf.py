"""How Sphinx makes the site; `make site` calls it (utils/tools/site)."""

project = "Autoencoders, measured"
author = "the authors of the course"
language = "en"
extensions = ["myst_nb", "sphinx_design", "utils.tools.formulas"]
# Other pages include them, or parts.
exclude_patterns = ["_readme.md", "_cards.md", "_lessons.md"]
# Parts of README begin below its headings.
suppress_warnings = ["myst.header"]
nb_execution_mode = "off"  # `make run` has executed the lessons
nb_merge_streams = True
nb_ipywidgets_js = {}  # no widget is left in them, and no network wanted
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_title = project
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("stops.js", {"type": "module"})]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader has it
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "home_page_in_toc": False,
    "show_prev_next": False,  # lessons end with cards
    "navbar_persistent": [],  # the sidebar has a search field
}
