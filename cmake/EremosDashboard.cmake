# Sets EREMOS_PAGES: what eremos_assets builds into the node for people with a browser. Without
# EREMOS_DASHBOARD that is one page that says where the API is, and nothing of npm is needed.
if(NOT EREMOS_DASHBOARD)
  set(EREMOS_PAGES / connectors/api/pages/index.html text/html)
  return()
endif()

set(eremos_page_packages .tools/page/node_modules)  # scripts/npm/page/package.json
set(EREMOS_PAGES
  / connectors/api/dashboard/index.html text/html
  /app.css connectors/api/dashboard/app.css text/css
  /vendor/preact.js ${eremos_page_packages}/htm/preact/standalone.module.js text/javascript
  /vendor/uplot.js ${eremos_page_packages}/uplot/dist/uPlot.iife.min.js text/javascript
  /vendor/graphology.js ${eremos_page_packages}/graphology/dist/graphology.umd.min.js text/javascript
  /vendor/sigma.js ${eremos_page_packages}/sigma/dist/sigma.min.js text/javascript)
foreach(module IN ITEMS main live ui overview signals drawer society deliveries map
        links about)
  list(APPEND EREMOS_PAGES /app/${module}.js connectors/api/dashboard/${module}.js text/javascript)
endforeach()

foreach(file IN LISTS EREMOS_PAGES)
  if(file MATCHES "^${eremos_page_packages}" AND NOT EXISTS "${PROJECT_SOURCE_DIR}/${file}")
    message(FATAL_ERROR "The dashboard needs npm packages and there is no ${file}: run "
                        "scripts/bootstrap, or configure with -DEREMOS_DASHBOARD=OFF")
  endif()
endforeach()
